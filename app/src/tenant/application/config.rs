//! `…/config`: the configuration as a form, and what earlier versions changed.

use leptos::prelude::*;
use mintreu_control::access::ViewTenant;
use mintreu_model::{form::config::fields, role::Permission, status::ApplicationStatus, view::ConfigVersionView};
use serde_json::{Map, Value};

use super::head::{Address, Opened, open};
use crate::{
    components::prelude::*,
    load::load,
    tenant::config_form::{ConfigFields, changes, schema, shown},
};

#[component]
pub fn ConfigPage() -> impl IntoView {
    let address = Address::current();
    load(async move {
        let opened = open::<ViewTenant>(address).await?;
        let schema = schema(&opened.control, &opened.who, &opened.application.product).await?;
        let versions = opened.control.list_config_versions(&opened.who, opened.application.id).await?;
        let may = opened.who.role().may(Permission::ManageApplications)
            && !matches!(opened.application.status, ApplicationStatus::Deleting | ApplicationStatus::Deleted);
        let content = match schema {
            None => view! {
                <EmptyState card=true icon="gear" title="Nothing to configure">
                    {format!("{} works as it is.", opened.application.product_name)}
                </EmptyState>
            }
            .into_any(),
            Some(schema) => {
                let history = history(&opened, &schema, versions);
                let values = opened.application.config.clone();
                let current = if may { form(&opened, schema, values) } else { plain(&schema, &values) };
                view! { <div class="cols cols-main">{current}{history}</div> }.into_any()
            }
        };
        Ok(opened.page("config", "Configuration", None, content))
    })
}

fn form(opened: &Opened, schema: Value, values: Map<String, Value>) -> AnyView {
    let version = opened.application.config_version;
    let target = hidden(opened.fields());
    view! {
        <Card title="Configuration" note=format!("Version {version}")>
            <Form action="/_fn/application/configure" submit="Save" guard=true note="The application is told at once.">
                {target}
                <ConfigFields schema=schema values=Some(values) />
            </Form>
        </Card>
    }
    .into_any()
}

fn plain(schema: &Value, values: &Map<String, Value>) -> AnyView {
    let lines =
        fields(schema).into_iter().map(|field| view! { <dt>{field.title}</dt><dd>{shown(values.get(&field.name))}</dd> }).collect_view();
    view! { <Card title="Configuration"><dl class="facts">{lines}</dl></Card> }.into_any()
}

fn history(opened: &Opened, schema: &Value, versions: Vec<ConfigVersionView>) -> AnyView {
    let now = opened.control.clock.now();
    let before = versions.iter().skip(1).map(|version| Some(version.config.clone())).chain(std::iter::once(None));
    let items = versions
        .iter()
        .zip(before)
        .map(|(version, before)| {
            let changed = match before {
                None => view! { <p class="small muted">"As provisioned."</p> }.into_any(),
                Some(before) => {
                    let lines = changes(Some(schema), &before, &version.config)
                        .into_iter()
                        .map(|one| {
                            view! {
                                <dt>{one.title}</dt>
                                <dd><del class="muted">{one.before}</del>" "<span class="vh">"became"</span><ins>{one.after}</ins></dd>
                            }
                        })
                        .collect_view();
                    view! { <dl class="facts diff">{lines}</dl> }.into_any()
                }
            };
            let by = version.changed_by.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
            view! {
                <li>
                    <p><b>{format!("Version {}", version.version)}</b><span class="small muted">{by}" · "<When at=version.created_at now=now /></span></p>
                    {changed}
                </li>
            }
        })
        .collect_view();
    view! { <Card title="History"><ol class="history">{items}</ol></Card> }.into_any()
}
