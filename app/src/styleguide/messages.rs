//! Banners and empty states. The toast is on the example of the tenant shell.

use leptos::prelude::*;

use crate::components::prelude::*;

#[component]
pub fn Messages() -> impl IntoView {
    view! {
        <Banner action=view! { <LinkButton href="#" label="What changes" small=true /> }>
            "The Blog API moves to release 3.0 on 2 December. Your application is migrated for you."
        </Banner>
        <Banner tone=Tone::Warning action=view! { <LinkButton href="#" label="Update the card" small=true /> }>
            "The card ending 4242 was declined. Everything keeps working until 29 November."
        </Banner>
        <Banner tone=Tone::Bad>"The application could not be suspended: it is being deleted."</Banner>
        <Banner tone=Tone::Good>"Your address is verified."</Banner>
        <BulkReport refused=vec![
            ("The tenant is deleting, so this cannot be done.".into(), "Umber Studio, Tamarind Kitchen".into()),
            ("There is no such tenant.".into(), "ten_01m7t3h8vc".into()),
        ] />
        <div class="cols cols-2 even">
            <EmptyState card=true icon="box" title="No applications yet" actions=view! { <LinkButton href="#" label="New application" look=Look::Primary /> }>
                "An application gets its own database, keys and endpoint in about 12 seconds."
            </EmptyState>
            <EmptyState card=true icon="search" title="No applications match" actions=view! { <LinkButton href="?" label="Clear the filters" /> }>
                "Nothing has the status Failed and “outlet” in its name."
            </EmptyState>
            <EmptyState card=true icon="shield" title="Invoices are for owners and billing">
                "Your role here is developer. An owner of Fjordline Goods can change that."
            </EmptyState>
            <EmptyState card=true icon="refresh" title="Usage could not be loaded" broken=true problem="usage_unavailable · req_01m7t3h8vc"
                actions=view! { <LinkButton href="" label="Try again" /> }>
                "Your calls are still served and counted. It is usually back within a minute."
            </EmptyState>
        </div>
    }
    .into_any()
}
