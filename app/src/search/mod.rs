//! What a person may go to by typing a part of its name: pages, records, actions. The search pages
//! of the three areas and the palette (Ctrl or ⌘ K) all show what `find` gives.

pub mod actions;
pub mod page;
pub mod records;

use mintreu_control::{Actor, Control};

use crate::{
    Error,
    components::{
        nav::{NavGroup, account_nav, admin_nav, tenant_nav},
        query::{Query, encode},
    },
};

/// Where somebody searches from: what is there comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Account,
    /// By its slug.
    Tenant(String),
    Admin,
}

impl Place {
    /// The page that shows all of it.
    #[must_use]
    pub fn page(&self) -> String {
        match self {
            Self::Account => "/search".to_owned(),
            Self::Tenant(slug) => format!("/t/{slug}/search"),
            Self::Admin => "/admin/search".to_owned(),
        }
    }

    /// Address of the palette's options; a `q` is added to it.
    #[must_use]
    pub fn options(&self) -> String {
        match self {
            Self::Account => "/palette?".to_owned(),
            Self::Tenant(slug) => format!("/palette?tenant={}&", encode(slug)),
            Self::Admin => "/palette?in=admin&".to_owned(),
        }
    }

    /// The place that such an address names.
    #[must_use]
    pub fn of(query: &Query) -> Self {
        match (query.get("tenant"), query.get("in")) {
            (Some(slug), _) => Self::Tenant(slug.to_owned()),
            (None, Some("admin")) => Self::Admin,
            _ => Self::Account,
        }
    }
}

/// Something to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub icon: &'static str,
    pub name: String,
    /// What it is, or what tells it apart.
    pub detail: String,
    pub href: String,
}

/// Hits of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub title: &'static str,
    pub hits: Vec<Hit>,
    /// The list that has the others, when there are any.
    pub more: Option<String>,
}

/// Everything that fits, as far as the actor may go there. With no text: the pages of the place
/// and what can be done there.
pub async fn find(control: &Control, actor: &Actor, place: &Place, text: &str) -> Result<Vec<Group>, Error> {
    let text = text.trim();
    let found = match place {
        Place::Tenant(slug) => control.search(actor, Some(slug), text).await?,
        Place::Account => control.search(actor, None, text).await?,
        Place::Admin => {
            control.operate(actor)?;
            control.search(actor, None, text).await?
        }
    };
    let mut groups = vec![
        Group { title: "Actions", hits: fitting(actions::actions(control, actor, place).await?, text), more: None },
        Group { title: "Pages", hits: fitting(pages(actor, place, text), text), more: None },
    ];
    groups.extend(records::groups(found, place, text));
    groups.retain(|group| !group.hits.is_empty());
    Ok(groups)
}

/// Hits with every word of the text in their name or detail.
fn fitting(hits: Vec<Hit>, text: &str) -> Vec<Hit> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let fits = |hit: &Hit| {
        let said = format!("{} {}", hit.name, hit.detail).to_lowercase();
        words.iter().all(|word| said.contains(word))
    };
    hits.into_iter().filter(fits).collect()
}

fn pages(actor: &Actor, place: &Place, text: &str) -> Vec<Hit> {
    let admin = || actor.super_admin.then(|| ("Back office", admin_nav()));
    let account = ("Account", account_nav());
    let areas: Vec<(&str, Vec<NavGroup>)> = match place {
        Place::Tenant(slug) if text.is_empty() => vec![("", tenant_nav(slug))],
        Place::Tenant(slug) => [("", tenant_nav(slug)), account].into_iter().chain(admin()).collect(),
        Place::Admin if text.is_empty() => admin().into_iter().collect(),
        Place::Admin => admin().into_iter().chain([account]).collect(),
        Place::Account if text.is_empty() => vec![account],
        Place::Account => [account].into_iter().chain(admin()).collect(),
    };
    areas
        .into_iter()
        .flat_map(|(area, groups)| groups.into_iter().flat_map(|group| group.items).map(move |item| (area, item)))
        .map(|(area, item)| Hit { icon: item.icon, name: item.label.to_owned(), detail: area.to_owned(), href: item.href })
        .collect()
}
