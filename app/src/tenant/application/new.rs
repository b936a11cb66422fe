//! `/t/{tenant}/applications/new`: provision an application. Without the product in the address
//! the tenant chooses among its subscriptions; with one subscription there is nothing to choose.

use leptos::prelude::*;
use mintreu_control::access::{ManageApplications, ViewTenant};
use mintreu_model::{list::ListQuery, role::Permission, view::SubscriptionView};

use crate::{
    components::prelude::*,
    context::control,
    load::load,
    tenant::{
        config_form::{ConfigFields, schema},
        frame::{frame, param},
        words::count,
    },
};

#[component]
pub fn NewApplicationPage() -> impl IntoView {
    let tenant = param("tenant");
    load(async move {
        let (who, frame) = frame::<ManageApplications>(&tenant).await?;
        let control = control()?;
        let view = who.also::<ViewTenant>()?;
        let all = ListQuery { limit: Some(100), ..ListQuery::default() };
        let served: Vec<_> = control.list_subscriptions(&view, &all).await?.data.into_iter().filter(|one| one.status.is_served()).collect();
        let wanted = Query::current().get("product").map(str::to_owned);
        let chosen = match (&wanted, served.as_slice()) {
            (Some(product), served) => served.iter().find(|one| one.product == *product).cloned(),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        };
        let parents = vec![Crumb::new("Applications", format!("/t/{tenant}/applications"))];
        let body = if !who.actor().email_verified {
            unverified()
        } else if served.is_empty() {
            unsubscribed(&tenant, who.role().may(Permission::ManageSubscriptions))
        } else if let Some(one) = chosen {
            let schema = schema(&control, &view, &one.product).await?;
            form(&tenant, &one, schema, served.len() > 1)
        } else {
            choice(&tenant, served)
        };
        Ok(view! {
            <TenantShell frame=frame title="New application" current="applications" parents=parents width=Width::Form>{body}</TenantShell>
        })
    })
}

fn unverified() -> AnyView {
    let again =
        view! { <PostButton action="/_fn/account/resend_verification" label="Send the mail again" look=Look::Primary icon="mail" /> };
    view! {
        <h1 class="vh">"New application"</h1>
        <EmptyState card=true icon="mail" title="Confirm your e-mail address first" actions=again>
            "An application costs a server real work, so we must be able to reach whoever asks for it. The link is in the mail that we sent you."
        </EmptyState>
    }
    .into_any()
}

fn unsubscribed(tenant: &str, may: bool) -> AnyView {
    let text = "An application is made from a product that you are subscribed to.";
    let body = if may {
        let subscribe = view! { <LinkButton href=format!("/t/{tenant}/subscribe") label="Choose a product" look=Look::Primary /> };
        view! { <EmptyState card=true icon="grid" title="Subscribe to a product first" actions=subscribe>{text}</EmptyState> }.into_any()
    } else {
        view! {
            <EmptyState card=true icon="grid" title="Your team has no subscription yet">
                {text}" An owner, an admin or somebody with the role billing can subscribe."
            </EmptyState>
        }
        .into_any()
    };
    view! { <h1 class="vh">"New application"</h1>{body} }.into_any()
}

fn choice(tenant: &str, served: Vec<SubscriptionView>) -> AnyView {
    let cards = served
        .into_iter()
        .map(|one| {
            let room = (one.max_applications - one.applications).max(0);
            let left = if room == 0 { "No room left on this plan".to_owned() } else { format!("Room for {}", count(room, "more", "more")) };
            view! {
                <li class="card product">
                    <div class="product-h">
                        <span class="glyph"><Icon name="box" /></span>
                        <h2><a href=format!("/t/{tenant}/applications/new?product={}", one.product)>{one.product_name}</a></h2>
                    </div>
                    <p>{format!("Plan {}", one.plan_name)}</p>
                    <p class="price">{left}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <PageHeader title="New application" lede="Which product is it made from?" />
        <ul class="cards">{cards}</ul>
    }
    .into_any()
}

fn form(tenant: &str, one: &SubscriptionView, schema: Option<serde_json::Value>, several: bool) -> AnyView {
    if one.applications >= one.max_applications {
        let more = view! { <LinkButton href=format!("/t/{tenant}/subscriptions/{}", one.id) label="Compare plans" look=Look::Primary /> };
        let text = format!(
            "The plan {} serves up to {}. Choose a larger plan, or delete one.",
            one.plan_name,
            count(one.max_applications, "application", "applications")
        );
        return view! {
            <h1 class="vh">"New application"</h1>
            <EmptyState card=true icon="box" title=format!("No room for another {}", one.product_name) actions=more>{text}</EmptyState>
        }
        .into_any();
    }
    let other = several.then(|| view! { " "<a href=format!("/t/{tenant}/applications/new")>"Choose another"</a> });
    let lede = view! { {format!("{}, plan {}.", one.product_name, one.plan_name)}{other} };
    let settings = schema.map(|schema| {
        view! {
            <hr />
            <h2>"Configuration"</h2>
            <p class="small muted">"You can change all of this later."</p>
            <ConfigFields schema=schema values=None />
        }
    });
    let target = hidden(vec![("tenant", tenant.to_owned()), ("product", one.product.clone())]);
    let back = format!("/t/{tenant}/applications");
    view! {
        <PageHeader title="New application" lede=lede />
        <section class="card">
            <Form action="/_fn/application/create" submit="Provision" cancel=back guard=true
                note="Takes a few seconds. You get a key at once.">
                {target}
                <Field name="name" label="Name" placeholder="My Awesome Store" autocomplete="off"
                    hint="What your team calls it. The endpoint does not depend on it." />
                {settings}
            </Form>
        </section>
    }
    .into_any()
}
