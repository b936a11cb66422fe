//! Banners that a tenant's frame shows on every page: what holds for the person or the tenant.

use leptos::prelude::*;

use crate::components::{
    badge::Tone,
    banner::Banner,
    button::{LinkButton, PostButton},
};

/// Something that holds on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameNotice {
    /// The viewer has not confirmed their address.
    UnverifiedEmail,
    Suspended {
        reason: Option<String>,
    },
    Deleting {
        on: Option<String>,
        may_keep: bool,
    },
    /// Business time was moved.
    TestClock {
        now: String,
    },
}

impl FrameNotice {
    /// The banner, in the tenant of that slug.
    pub(super) fn view(self, slug: &str) -> AnyView {
        match self {
            Self::UnverifiedEmail => view! {
                <Banner icon="mail" action=view! { <PostButton action="/_fn/account/resend_verification" label="Send the mail again" small=true /> }>
                    "Confirm your e-mail address: the link is in the mail that we sent you."
                </Banner>
            }
            .into_any(),
            Self::Suspended { reason } => view! {
                <Banner tone=Tone::Bad>
                    "This tenant is suspended: its keys do not work and nothing can be changed. "
                    {reason.map(|reason| format!("Reason: {reason} "))}"Nothing is lost. Contact support."
                </Banner>
            }
            .into_any(),
            Self::Deleting { on, may_keep } => {
                let when = on.map_or_else(|| "soon".to_owned(), |day| format!("on {day}"));
                let text = format!("This tenant will be deleted {when}, with its applications and their data. Its keys have stopped.");
                if may_keep {
                    let action = view! { <LinkButton href=format!("/t/{slug}/settings#danger") label="Keep it" small=true /> };
                    view! { <Banner tone=Tone::Warning action=action>{text}</Banner> }.into_any()
                } else {
                    view! { <Banner tone=Tone::Warning>{text}" An owner can keep it."</Banner> }.into_any()
                }
            }
            Self::TestClock { now } => view! {
                <Banner icon="clock" tone=Tone::Warning>"The test clock is on. Business time: "<b>{now}</b>"."</Banner>
            }
            .into_any(),
        }
    }
}
