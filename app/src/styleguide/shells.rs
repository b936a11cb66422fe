//! The frames, each as a page of its own.

use leptos::{context::Provider, prelude::*};

use crate::{
    components::prelude::*,
    flash::{Flash, PageFlash},
};

fn viewer() -> Viewer {
    Viewer { name: "Ines Holm".into(), email: "ines@fjordline.example".into(), is_admin: true }
}

fn new_application() -> impl IntoView {
    view! { <LinkButton href="#" label="New application" look=Look::Primary icon="plus" /> }
}

#[component]
pub fn TenantExample() -> impl IntoView {
    let frame = TenantFrame {
        viewer: viewer(),
        name: "Fjordline Goods".into(),
        slug: "fjordline".into(),
        role: "Owner".into(),
        applications: Some(4),
        unread: 3,
        others: vec![("Kestrel Cycles".into(), "kestrel".into())],
        notices: vec![FrameNotice::UnverifiedEmail],
    };
    let done = PageFlash::new(Some(Flash { message: Some("Key “Storefront” renamed.".into()), ..Flash::default() }));
    let notice = view! {
        <Banner tone=Tone::Warning icon="users" action=view! { <PostButton action="/_fn/impersonation/end" label="End now" small=true /> }>
            "You are acting as "<b>"Fjordline Goods"</b>" for “Ticket 5512: cannot see invoices”. Ends in 24 minutes."
        </Banner>
    };
    view! {
        <Provider value=done>
            <TenantShell frame=frame title="Home" current="home" action=new_application() notice=notice>
                <PageHeader title="Home" lede="All applications, last 30 days." badge=view! { <Status name="active" /> }
                    actions=view! { <SegmentedRange current="30d" /> } />
                <Kpis figures=vec![Kpi::new("Requests", "655,587"), Kpi::new("Errors", "4.07").unit("%")] />
                <EmptyState card=true icon="box" title="No applications yet">"An application gets its own database."</EmptyState>
            </TenantShell>
        </Provider>
    }
    .into_any()
}

#[component]
pub fn AdminExample() -> impl IntoView {
    let columns = vec![Column::new("Tenant").sort("name"), Column::new("Status"), Column::new("MRR").num().sort("mrr")];
    let rows =
        [("Fjordline Goods", "active", "€97.00"), ("Tamarind Kitchen", "past_due", "€68.00"), ("Umber Studio", "suspended", "€57.00")]
            .into_iter()
            .map(|(name, status, mrr)| {
                Row::new(cells![view! { <a href="#">{name}</a> }, view! { <Status name=status /> }, mrr]).pick(slug(name), name)
            })
            .collect();
    let frame = AdminFrame { viewer: viewer(), failed_jobs: 3, notices: Vec::new() };
    let bulk = Bulk {
        action: "#".into(),
        asks: true,
        all: "All 1,284 that match".into(),
        buttons: view! { <Button label="Suspend…" look=Look::Danger small=true /> }.into(),
    };
    view! {
        <AdminShell frame=frame title="Tenants" current="tenants"
            action=view! { <LinkButton href="#" label="New tenant" look=Look::Primary icon="plus" /> }>
            <PageHeader title="Tenants" lede="1,284 in all." />
            <List of="tenants" columns=columns rows=rows total=1284 sorted="name" dense=true search="Name, slug or e-mail" bulk=bulk csv="#"
                empty=view! { <EmptyState icon="home" title="No tenants yet">"They appear when somebody registers."</EmptyState> } />
        </AdminShell>
    }
    .into_any()
}

#[component]
pub fn AuthExample() -> impl IntoView {
    view! {
        <AuthShell title="Log in" lede=view! { "New here? "<a href="/register">"Create an account"</a> }>
            <Form action="/_fn/session/begin" submit="Log in" wide=true>
                <Field name="email" label="E-mail" kind=Kind::Email autocomplete="username" />
                <Field name="password" label="Password" kind=Kind::Password autocomplete="current-password"
                    aside=view! { <a class="small" href="/forgot">"Forgotten?"</a> } />
                <Checkbox name="remember" label="Stay logged in for 30 days" checked=true />
            </Form>
        </AuthShell>
    }
    .into_any()
}
