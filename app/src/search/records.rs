//! Records that were found, with the pages that show them: a tenant's own pages in its dashboard and
//! account, those of the back office for super admins.

use mintreu_control::search::{Few, Found, FoundAnywhere};

use super::{Group, Hit, Place};
use crate::components::{badge::humanise, query::encode};

fn group<T>(title: &'static str, few: Few<T>, all: Option<String>, hit: impl Fn(T) -> Hit) -> Group {
    let more = all.filter(|_| few.more);
    Group { title, hits: few.data.into_iter().map(hit).collect(), more }
}

pub(super) fn groups(found: Found, place: &Place, text: &str) -> Vec<Group> {
    let Found { tenants, applications, keys, subscriptions, products, platform } = found;
    let text = encode(text);
    let anywhere = platform.map(|platform| anywhere(platform, &text)).unwrap_or_default();
    if *place == Place::Admin {
        return anywhere;
    }
    let in_tenant = |list: &str| match place {
        Place::Tenant(slug) => Some(format!("/t/{slug}/{list}?q={text}")),
        _ => None,
    };
    // Within a tenant its name tells nothing.
    let of = |tenant: &str, detail: String| if *place == Place::Account { format!("{tenant} · {detail}") } else { detail };
    let mut groups = vec![
        group("Tenants", tenants, None, |one| Hit {
            icon: "home",
            name: one.name,
            detail: one.slug.clone(),
            href: format!("/t/{}", one.slug),
        }),
        group("Applications", applications, in_tenant("applications"), |one| Hit {
            icon: "box",
            detail: of(&one.tenant_name, format!("{} · {}", one.product_name, humanise(one.status.as_str()))),
            href: format!("/t/{}/applications/{}", one.tenant_slug, one.slug),
            name: one.name,
        }),
        group("Keys", keys, None, |one| Hit {
            icon: "key",
            detail: format!("Of {} · {}", one.application_name, one.client_id),
            href: format!("/t/{}/applications/{}/keys/{}", one.tenant_slug, one.application_slug, one.id),
            name: one.name,
        }),
        group("Subscriptions", subscriptions, in_tenant("subscriptions"), |one| Hit {
            icon: "refresh",
            detail: of(&one.tenant_name, format!("{} · {}", one.plan_name, humanise(one.status.as_str()))),
            href: format!("/t/{}/subscriptions/{}", one.tenant_slug, one.id),
            name: one.product_name,
        }),
        group("Products", products, Some("/catalog".to_owned()), |one| Hit {
            icon: "grid",
            detail: one.summary,
            href: format!("/catalog/{}", one.slug),
            name: one.name,
        }),
    ];
    groups.extend(anywhere.into_iter().map(|group| Group { title: in_back_office(group.title), ..group }));
    groups
}

/// Titles where both dashboards are shown.
fn in_back_office(title: &'static str) -> &'static str {
    match title {
        "Tenants" => "Back office: tenants",
        "Users" => "Back office: users",
        "Applications" => "Back office: applications",
        "Products" => "Back office: products",
        "Services" => "Back office: services",
        other => other,
    }
}

fn anywhere(found: FoundAnywhere, text: &str) -> Vec<Group> {
    let all = |list: &str| Some(format!("/admin/{list}?q={text}"));
    vec![
        group("Tenants", found.tenants, all("tenants"), |one| Hit {
            icon: "home",
            href: format!("/admin/tenants/{}", one.tenant.id),
            name: one.tenant.name,
            detail: one.tenant.slug,
        }),
        group("Users", found.users, all("users"), |one| Hit {
            icon: "users",
            href: format!("/admin/users/{}", one.id),
            name: one.name,
            detail: one.email,
        }),
        group("Applications", found.applications, all("applications"), |one| Hit {
            icon: "box",
            href: format!("/admin/applications/{}", one.id),
            name: one.name,
            detail: format!("{} · {}", one.tenant_name, one.product_name),
        }),
        group("Products", found.products, all("products"), |one| Hit {
            icon: "grid",
            href: format!("/admin/products/{}", one.slug),
            name: one.name,
            detail: one.slug,
        }),
        group("Services", found.services, all("services"), |one| Hit {
            icon: "server",
            href: format!("/admin/services/{}", one.slug),
            name: one.name,
            detail: one.slug,
        }),
    ]
}
