//! `/admin/gateway`: journal, refusals and connections of the gateway that answers, its replicas, and
//! the services behind it.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use mintreu_model::view::{GatewayFigures, JournalView, ReplicaView, ServiceHealthView};

use super::{frame::frame, service::health::HealthBadge};
use crate::{
    components::prelude::*,
    load::load,
    tenant::usage::{figures::said, refusals::Refusals},
};

#[component]
pub fn Gateway() -> impl IntoView {
    load(async move {
        let (control, who, frame) = frame().await?;
        let found = control.gateway(&who).await?;
        let now = control.clock.system_now();
        let lede = found.here.as_ref().map_or_else(
            || "The process that answers has no gateway.".to_owned(),
            |here| format!("The gateway that answers, since {}. Reload for newer figures.", moment(here.since)),
        );
        let here = found.here.map(own);
        Ok(view! {
            <AdminShell frame=frame title="Gateway" current="gateway">
                <PageHeader title="Gateway" lede=lede />
                {here}
                <Card title="Services" flush=true>{services(found.services)}</Card>
                <Card title="Replicas" flush=true>{replicas(found.replicas, now)}</Card>
            </AdminShell>
        })
    })
}

fn own(here: GatewayFigures) -> AnyView {
    let kpis = vec![
        Kpi::new("Calls in flight", thousands(here.in_flight)),
        Kpi::new("Connections", thousands(here.connections)).note(match here.connections_refused {
            0 => "None refused".to_owned(),
            many => format!("{} refused, too many from one address", thousands(many)),
        }),
        Kpi::new("Usage not counted yet", thousands(here.journal.backlog)).note(match here.journal.oldest_seconds {
            0 => "Nothing waits".to_owned(),
            seconds => format!("The oldest for {} s at most", thousands(seconds)),
        }),
        Kpi::new("Grants in memory", thousands(here.cached_grants)),
        Kpi::new("Clients that left", thousands(here.client_left)).note("Before the answer began"),
    ];
    view! {
        {warning(&here.journal)}
        <Kpis figures=kpis />
        <div class="cols cols-main">
            <Card title="Refused, by reason" note="Since the start" flush=true><Refusals refusals=here.refusals /></Card>
            <Card title="Usage journal">{journal(&here.journal)}</Card>
        </div>
    }
    .into_any()
}

/// What somebody should do something about.
fn warning(journal: &JournalView) -> Option<AnyView> {
    let (tone, text) = match journal {
        JournalView { full: true, .. } => (Tone::Bad, "The disk of the journal is full: billable calls are refused. Make room."),
        JournalView { recovering: true, .. } => {
            (Tone::Bad, "Usage from before the start is not counted yet: billable calls are refused until the database takes it.")
        }
        JournalView { nearly_full: true, .. } => {
            (Tone::Warning, "The disk of the journal is nearly full. Billable calls are refused when it is.")
        }
        JournalView { damaged: 1.., .. } => (Tone::Warning, "A part of the journal could not be read. It is set aside beside the journal."),
        _ => return None,
    };
    Some(view! { <Banner tone=tone>{text}</Banner> }.into_any())
}

fn journal(journal: &JournalView) -> impl IntoView + use<> {
    let durability = match journal.durability.as_str() {
        "strict" => "Strict: survives the loss of power",
        _ => "Process: survives the end of the process",
    };
    let free = journal.free_bytes.map_or_else(|| "Cannot be told".to_owned(), said);
    view! {
        <DefinitionList facts=vec![
            ("Durability", durability.into()),
            ("Files", thousands(journal.segments).into()),
            ("Free disk", free.into()),
            ("Damaged records", thousands(journal.damaged).into()),
            ("Lost ends of calls", thousands(journal.lost).into()),
        ] />
    }
}

fn services(services: Vec<ServiceHealthView>) -> AnyView {
    if services.is_empty() {
        return view! { <EmptyState icon="server" title="No services yet">"Those that are behind a product are listed here."</EmptyState> }
            .into_any();
    }
    let columns = vec![Column::new("Service"), Column::new("Health"), Column::new("Addresses").num(), Column::new("Under way").num()];
    let rows = services
        .into_iter()
        .map(|service| {
            let under_way: i64 = service.addresses.iter().map(|one| one.in_flight).sum();
            let addresses = service.addresses.len();
            Row::new(cells![
                view! { <a href=format!("/admin/services/{}", service.slug)>{service.name}</a><span class="sub mono">{service.slug}</span> },
                view! { <HealthBadge found=service.addresses /> },
                addresses.to_string(),
                thousands(under_way),
            ])
        })
        .collect();
    view! { <Table caption="Services and their health" columns=columns rows=rows dense=true /> }.into_any()
}

fn replicas(replicas: Vec<ReplicaView>, now: DateTime<Utc>) -> AnyView {
    if replicas.is_empty() {
        return view! {
            <EmptyState icon="server" title="One gateway">"Only gateways that share a PostgreSQL database say that they live."</EmptyState>
        }
        .into_any();
    }
    let columns = vec![Column::new("Replica"), Column::new("State"), Column::new("Last heartbeat")];
    let rows = replicas
        .into_iter()
        .map(|one| {
            let (tone, label) = if one.lives { (Tone::Good, "Lives") } else { (Tone::Warning, "Silent") };
            Row::new(cells![
                view! { <code>{one.id}</code>{one.here.then(|| view! { " "<Tag label="Answers" accent=true /> })} },
                view! { <Badge tone=tone label=label /> },
                view! { <When at=one.seen_at now=now /> },
            ])
        })
        .collect();
    view! { <Table caption="Gateways that share the database" columns=columns rows=rows dense=true /> }.into_any()
}
