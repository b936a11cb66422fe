//! What every tab of an application begins with: who looks, the application, its heading and tabs.

use leptos::prelude::*;
use mintreu_control::{
    Control, Permitted,
    access::{Right, ViewTenant},
};
use mintreu_model::{
    list::ListQuery,
    status::{ApplicationStatus, KeyStatus},
    view::{ApplicationView, KeyView},
};

use crate::{
    Error,
    components::prelude::*,
    context::control,
    tenant::frame::{frame, param},
};

/// Slugs of tenant and application in the address. Read before the first `await`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub tenant: String,
    pub application: String,
}

impl Address {
    #[must_use]
    pub fn current() -> Self {
        Self { tenant: param("tenant"), application: param("application") }
    }

    /// `path` begins with a slash, or is empty for the overview.
    #[must_use]
    pub fn href(&self, path: &str) -> String {
        format!("/t/{}/applications/{}{path}", self.tenant, self.application)
    }
}

/// An application with everything that its pages need.
pub struct Opened {
    pub control: Control,
    pub who: Permitted<ViewTenant>,
    pub frame: TenantFrame,
    pub application: ApplicationView,
    pub address: Address,
    pub keys: Vec<KeyView>,
}

/// Opens the application for somebody with the right `R`.
pub async fn open<R: Right>(address: Address) -> Result<Opened, Error> {
    let (who, frame) = frame::<R>(&address.tenant).await?;
    let (control, who) = (control()?, who.also::<ViewTenant>()?);
    let application = control.get_application_by_slug(&who, &address.application).await?;
    let all = ListQuery { limit: Some(100), ..ListQuery::default() };
    let keys = control.list_keys(&who, application.id, &all).await?.data;
    Ok(Opened { control, who, frame, application, address, keys })
}

impl Opened {
    /// Hidden fields that say which application a form is about.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("tenant", self.address.tenant.clone()), ("application", self.address.application.clone())]
    }

    /// Keys that work now.
    pub fn live_keys(&self) -> impl Iterator<Item = &KeyView> {
        self.keys.iter().filter(|key| matches!(key.status, KeyStatus::Active | KeyStatus::Expiring))
    }

    /// The page of a tab: shell, heading, tabs, content.
    pub fn page(self, tab: &'static str, title: &str, actions: Option<Slot>, content: AnyView) -> AnyView {
        let application = self.application;
        let parents = vec![Crumb::new("Applications", format!("/t/{}/applications", self.address.tenant))];
        let live = i64::try_from(self.keys.iter().filter(|key| matches!(key.status, KeyStatus::Active | KeyStatus::Expiring)).count());
        let tabs = vec![
            Tab::new("overview", "Overview", self.address.href("")),
            Tab::new("config", "Configuration", self.address.href("/config")),
            Tab::new("keys", "Keys", self.address.href("/keys")).count(live.unwrap_or(0)),
            Tab::new("usage", "Usage", self.address.href("/usage")),
            Tab::new("settings", "Settings", self.address.href("/settings")),
        ];
        let by = application.created_by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
        let lede = view! {
            {format!("{}, {} · created{by} ", application.product_name, application.plan_name)}
            <Day at=application.created_at />
        };
        let name = application.name.clone();
        let title = if title.is_empty() { name.clone() } else { format!("{title} · {name}") };
        let status = application.status;
        let standing = standing(&application);
        let actions = actions.map(Slot::view);
        view! {
            <TenantShell frame=self.frame title=title current="applications" parents=parents>
                <PageHeader title=name lede=lede badge=view! { <Status name=status.as_str() /> } actions=actions />
                <Tabs label="Application" tabs=tabs current=tab />
                {standing}
                {content}
            </TenantShell>
        }
        .into_any()
    }
}

/// A banner where calls are not served, with the reason.
fn standing(application: &ApplicationView) -> Option<AnyView> {
    let reason = application.status_reason.clone();
    let (tone, text) = match application.status {
        ApplicationStatus::Suspended => {
            (Tone::Warning, format!("Suspended: calls are refused. {}", reason.unwrap_or_else(|| "Its data is kept.".into())))
        }
        ApplicationStatus::Deleting => {
            let when = application.delete_after.map_or_else(|| "soon".to_owned(), |at| format!("on {}", day(at)));
            (Tone::Warning, format!("Being deleted: calls are refused, and its data is removed {when}."))
        }
        ApplicationStatus::Deleted => (Tone::Neutral, "Deleted. What you see is what is left of it.".to_owned()),
        _ => return None,
    };
    Some(view! { <Banner tone=tone>{text}</Banner> }.into_any())
}
