//! `…/settings`: the name, and what is hard to take back, by weight: suspending asks once, deleting
//! wants the name typed. Each question has a page of its own behind its dialog.

use leptos::prelude::*;
use mintreu_control::access::{ManageApplications, ViewTenant};
use mintreu_model::{role::Permission, status::ApplicationStatus};

use super::head::{Address, Opened, open};
use crate::{components::prelude::*, load::load, tenant::words::count};

#[component]
pub fn SettingsPage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ViewTenant>(address).await?;
        let may = opened.who.role().may(Permission::ManageApplications);
        let content = view! {
            <div class="cols cols-main">
                <div class="stack stack-l">
                    {if may { rename(&opened) } else { ().into_any() }}
                    {if may { browsers(&opened) } else { ().into_any() }}
                    {if may { danger(&opened) } else { ().into_any() }}
                </div>
                {facts(&opened)}
            </div>
        }
        .into_any();
        Ok(opened.page("settings", "Settings", None, content))
    })
}

fn rename(opened: &Opened) -> AnyView {
    let (target, name) = (hidden(opened.fields()), opened.application.name.clone());
    view! {
        <Card title="Name">
            <Form action="/_fn/application/rename" submit="Save the name" id="rename">
                {target}
                <Field name="name" label="Name" value=name autocomplete="off"
                    hint="What your team calls it. Address and keys stay as they are." />
            </Form>
        </Card>
    }
    .into_any()
}

fn browsers(opened: &Opened) -> AnyView {
    let (target, origins) = (hidden(opened.fields()), opened.application.allowed_origins.join("\n"));
    view! {
        <Card title="Calls from browsers">
            <Form action="/_fn/application/allow_origins" submit="Save the origins" id="browsers">
                {target}
                <Field name="allowed_origins" label="Allowed origins, one a line" kind=Kind::Lines(3) value=origins mono=true optional=true
                    placeholder="https://shop.example\nhttp://localhost:5173"
                    hint="Whose pages may call it, or * for every page. Anybody who opens such a page can read the credentials in it: give it short-lived tokens with few scopes." />
            </Form>
        </Card>
    }
    .into_any()
}

fn facts(opened: &Opened) -> AnyView {
    let application = &opened.application;
    let database = match application.database.as_deref() {
        Some("sqlite") => "SQLite, its own file",
        Some("postgres") => "PostgreSQL, its own database and role",
        Some(_) => "Its own",
        None => "None",
    };
    let facts: Vec<(&'static str, Slot)> = vec![
        ("ID", view! { <code>{application.id.to_string()}</code> }.into()),
        ("Address", view! { <code>{application.slug.clone()}</code> }.into()),
        ("Product", application.product_name.clone().into()),
        (
            "Subscription",
            view! { <a href=format!("/t/{}/subscriptions/{}", opened.address.tenant, application.subscription)>{application.plan_name.clone()}</a> }.into(),
        ),
        ("Database", database.into()),
        ("Created", view! { <Day at=application.created_at /> }.into()),
        ("Changed", view! { <When at=application.updated_at now=opened.control.clock.now() /> }.into()),
    ];
    view! { <Card title="Details"><DefinitionList facts=facts /></Card> }.into_any()
}

fn danger(opened: &Opened) -> AnyView {
    let status = opened.application.status;
    let (suspension, deletion) = (suspension(opened), deletion(opened));
    let suspend = match status {
        ApplicationStatus::Active => view! {
            <div class="row between">
                <p><b>"Suspend"</b><span class="sub">"Calls are refused until you resume it. Nothing is deleted."</span></p>
                <LinkButton href=opened.address.href("/suspend") label="Suspend…" dialog="suspend" />
            </div>
            <Dialog id="suspend" title=format!("Suspend {}?", opened.application.name) action="/_fn/application/suspend" confirm="Suspend" danger=true>
                {suspension}
            </Dialog>
            <hr />
        }
        .into_any(),
        ApplicationStatus::Suspended => view! {
            <div class="row between">
                <p><b>"Resume"</b><span class="sub">"Its keys work again at once."</span></p>
                <PostButton action="/_fn/application/resume" label="Resume" icon="play" fields=opened.fields() />
            </div>
            <hr />
        }
        .into_any(),
        _ => ().into_any(),
    };
    let delete = match status {
        ApplicationStatus::Deleting => view! {
            <div class="row between">
                <p><b>"Keep it after all"</b><span class="sub">"Until its data is removed the deletion can be taken back."</span></p>
                <PostButton action="/_fn/application/keep" label="Keep it" look=Look::Primary fields=opened.fields() />
            </div>
        }
        .into_any(),
        ApplicationStatus::Deleted => ().into_any(),
        _ => view! {
            <div class="row between">
                <p><b>"Delete"</b><span class="sub">"Its keys stop at once; its data is removed after a time to think again."</span></p>
                <LinkButton href=opened.address.href("/delete") label="Delete…" look=Look::Danger dialog="delete" />
            </div>
            <Dialog id="delete" title=format!("Delete {}?", opened.application.name) action="/_fn/application/delete" confirm="Delete application" keep="Keep it" danger=true>
                {deletion}
            </Dialog>
        }
        .into_any(),
    };
    view! { <Card title="Suspend or delete">{suspend}{delete}</Card> }.into_any()
}

fn suspension(opened: &Opened) -> AnyView {
    view! { <p>"Calls with its keys are refused at once with a clear answer. Data and keys stay, and you can resume it at any time."</p>{hidden(opened.fields())} }
        .into_any()
}

fn deletion(opened: &Opened) -> AnyView {
    let keys = i64::try_from(opened.live_keys().count()).unwrap_or(0);
    let database = opened.application.database.is_some().then(|| view! { <li>"its database with everything in it"</li> });
    view! {
        <p>"Its keys stop at once. What goes with it:"</p>
        <ul class="bullets">{database}<li>{count(keys, "key that works", "keys that work")}</li></ul>
        {hidden(opened.fields())}
        <Field name="confirm" label=format!("Type {} to confirm", opened.application.name) autocomplete="off" />
    }
    .into_any()
}

#[component]
pub fn SuspendPage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ManageApplications>(address).await?;
        let (back, inner) = (opened.address.href("/settings"), suspension(&opened));
        let content = view! {
            <Card title=format!("Suspend {}?", opened.application.name)>
                <Form action="/_fn/application/suspend" submit="Suspend" look=Look::DangerSolid cancel=back>{inner}</Form>
            </Card>
        }
        .into_any();
        Ok(opened.page("settings", "Suspend", None, content))
    })
}

#[component]
pub fn DeletePage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ManageApplications>(address).await?;
        let (back, inner) = (opened.address.href("/settings"), deletion(&opened));
        let content = view! {
            <Card title=format!("Delete {}?", opened.application.name)>
                <Form action="/_fn/application/delete" submit="Delete application" look=Look::DangerSolid cancel=back>{inner}</Form>
            </Card>
        }
        .into_any();
        Ok(opened.page("settings", "Delete", None, content))
    })
}
