//! Who may send which form. The fields of each are complete and name what is there, so that only
//! the right to it decides; those without it are asked first, and must change nothing.

use std::collections::BTreeSet;

use leptos::server_fn::axum::server_fn_paths;

use crate::world::{Caller, World, changes, world};
use mintreu_control_testing::on_both;

#[derive(Debug, Clone, Copy)]
pub enum For {
    Everybody,
    /// Whoever is logged in.
    People,
    /// The owner's own; for others it is not there.
    TheirOwn,
    /// Any member.
    Members,
    /// Members whose role may change things; a viewer's may not.
    Changers,
    Operators,
}
use For::{Changers, Everybody, Members, Operators, People, TheirOwn};

impl For {
    /// The refusal that the caller gets; none lets them.
    const fn refusal(self, caller: Caller) -> Option<(u16, &'static str)> {
        use Caller::{Admin, Anonymous, Owner, Viewer};
        match (self, caller) {
            (Everybody, _) => None,
            (_, Anonymous) => Some((401, "unauthenticated")),
            (People, _) | (TheirOwn | Members | Changers, Owner) | (Members, Viewer) | (Operators, Admin) => None,
            (Changers, Viewer) => Some((403, "forbidden")),
            (TheirOwn | Members | Changers | Operators, _) => Some((404, "not_found")),
        }
    }
}

/// Function, who may, fields, and what those who may get.
pub type Line = (&'static str, For, &'static str, u16);

/// In this order: a line may need what the one before it left.
#[rustfmt::skip]
pub const FUNCTIONS: &[Line] = &[
    ("account/register", Everybody, "name=New&email=new@people.test&password=correct horse battery", 200),
    ("account/verify_email", Everybody, "token=none", 422),
    ("account/forgot_password", Everybody, "email=nobody@people.test", 200),
    ("account/reset_password", Everybody, "token=none&password=correct horse battery", 422),
    ("account/log_in", Everybody, "email=nobody@people.test&password=wrong password", 422),
    ("account/resend_verification", People, "", 409),
    ("profile/change_name", People, "name=Somebody", 200),
    ("profile/change_email", People, "email=new@people.test&current_password=wrong password", 422),
    ("profile/change_password", People, "current_password=wrong password&password=correct horse battery", 422),
    ("token/create", People, "name=ci&current_password=wrong password", 422),
    ("token/revoke", TheirOwn, "token_id={token}", 200),
    ("session/revoke", TheirOwn, "session={session}", 200),
    ("session/revoke_others", People, "", 200),
    ("tenant/create", People, "name=Another", 200),
    ("invitation/accept", People, "token={offer}", 403),
    ("tenant/rename", Changers, "tenant={tenant}&name=Fjordline Goods", 200),
    ("inbox/read", Members, "tenant={tenant}", 200),
    ("invitation/create", Changers, "tenant={tenant}&email=third@people.test&role=viewer", 200),
    ("invitation/revoke", Changers, "tenant={tenant}&invitation={invitation}", 200),
    ("member/change_role", Changers, "tenant={tenant}&user={user}&role=developer", 200),
    ("member/remove", Changers, "tenant={tenant}&user={user}", 200),
    ("subscription/create", Changers, "tenant={tenant}&product=blog&plan=pro", 200),
    ("subscription/change_plan", Changers, "tenant={tenant}&subscription={subscription}&plan=max&at=now", 200),
    ("subscription/cancel", Changers, "tenant={tenant}&subscription={subscription}&at=period_end", 200),
    ("subscription/resume", Changers, "tenant={tenant}&subscription={subscription}", 200),
    ("application/create", Changers, "tenant={tenant}&product=orders&name=Second&config.currency=EUR", 200),
    ("application/configure", Changers, "tenant={tenant}&application={application}&config.currency=USD", 200),
    ("application/rename", Changers, "tenant={tenant}&application={application}&name=Store", 200),
    ("application/allow_origins", Changers, "tenant={tenant}&application={application}&allowed_origins=https://shop.example", 200),
    ("application/retry", Changers, "tenant={tenant}&application={application}", 409),
    ("application/suspend", Changers, "tenant={tenant}&application={application}", 200),
    ("application/resume", Changers, "tenant={tenant}&application={application}", 200),
    ("key/create", Changers, "tenant={tenant}&application={application}&name=ci", 200),
    ("key/rotate", Changers, "tenant={tenant}&application={application}&key={key}&grace_seconds=60", 200),
    ("key/revoke", Changers, "tenant={tenant}&application={application}&key={key}", 200),
    ("application/delete", Changers, "tenant={tenant}&application={application}&confirm=Store", 200),
    ("application/keep", Changers, "tenant={tenant}&application={application}", 200),
    ("tenant/delete", Changers, "tenant={tenant}&confirm=Fjordline Goods", 200),
    ("tenant/keep", Changers, "tenant={tenant}", 200),
    ("service/create", Operators, "slug=extra&name=Extra&base_urls=http://127.0.0.1:9&routes=* /{*rest}&database=none&timeout_ms=1000", 200),
    ("service/update", Operators, "slug=extra&name=More&base_urls=http://127.0.0.1:9&routes=* /{*rest}&database=none&timeout_ms=1000&upstream.connect_timeout_ms=100&upstream.idle_timeout_ms=1000&upstream.total_timeout_ms=0&upstream.max_in_flight=0&upstream.health_interval_ms=1000&upstream.unhealthy_after=1&upstream.healthy_after=1&upstream.circuit_failures=0&upstream.circuit_server_errors=0", 200),
    ("product/create", Operators, "slug=draft&name=Draft&service=extra&summary=Soon", 200),
    ("product/update", Operators, "slug=draft&name=Draft&service=extra&summary=Sooner", 200),
    ("product/preview", Operators, "!to=/admin/products/draft&slug=draft&name=Draft&service=extra&summary=Sooner", 200),
    ("plan/create", Operators, "!product=draft&code=one&name=One&interval=month&currency=EUR&price=0&trial_days=0&included_requests=1&rate_per_second=1&burst=1&max_applications=1", 200),
    ("plan/update", Operators, "!product=draft&code=one&name=One&interval=month&currency=EUR&price=0&trial_days=0&included_requests=2&rate_per_second=1&burst=1&max_applications=1&max_request_bytes=1,000,000&max_response_bytes=", 200),
    ("product/publish", Operators, "slug=draft", 200),
    ("product/archive", Operators, "slug=draft", 200),
    ("plan/archive", Operators, "product=draft&code=one", 200),
    ("product/delete", Operators, "slug=draft", 409),
    ("service/delete", Operators, "slug=extra", 409),
    ("setting/change", Operators, "values.none=1", 200),
    ("clock/advance", Operators, "days=1", 200),
    ("tenant/suspend", Operators, "tenant={tenant_id}&reason=A test", 200),
    ("tenant/resume", Operators, "tenant={tenant_id}", 200),
    ("member/assign", Operators, "tenant={tenant_id}&email={user_email}&role=viewer", 200),
    ("user/disable", Operators, "user={user}", 200),
    ("user/enable", Operators, "user={user}", 200),
    ("application/retry_any", Operators, "application={application_id}", 409),
    ("job/retry", Operators, "job={job}", 409),
    ("job/retry_many", Operators, "ids.={job}&scope=all&query=?q=nothing", 200),
    ("tenant/suspend_many", Operators, "ids.={tenant_id}&scope=rows&query=?&reason=A test", 200),
    ("tenant/resume_many", Operators, "scope=all&query=?q=fjord", 200),
    ("member/leave", Members, "tenant={tenant}", 200),
    ("account/log_out", Everybody, "", 200),
];

/// Routes have braces of their own.
pub fn fields(world: &World, text: &str) -> String {
    world.fill(&text.replace("{*rest}", "<rest>")).replace("<rest>", "{*rest}")
}

#[test]
fn the_table_of_forms_has_every_server_function() {
    let there: BTreeSet<_> = server_fn_paths().map(|(path, _)| path.trim_start_matches("/_fn/")).collect();
    let told: BTreeSet<_> = FUNCTIONS.iter().map(|(function, ..)| *function).collect();
    assert_eq!(told.len(), FUNCTIONS.len(), "a function is told twice");
    let missing: Vec<_> = there.difference(&told).collect();
    let gone: Vec<_> = told.difference(&there).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in the table: {missing:?}; in the table only: {gone:?}");
}

#[tokio::test]
async fn every_form_is_taken_from_whom_the_table_says_and_from_nobody_else() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let mut wrong = Vec::new();
        for (function, whose, text, granted) in FUNCTIONS {
            let fields = fields(&world, text);
            let before = changes(&bench).await;
            for caller in Caller::ALL {
                let Some(refusal) = whose.refusal(caller) else { continue };
                let answer = world.site.post(function, world.cookie(caller), &fields).await;
                if answer.problem() != refusal || answer.text.contains("Fjordline Goods") && refusal.0 != 403 {
                    wrong.push(format!("{function} {caller:?}: {}, not {refusal:?}", answer.text));
                }
            }
            if changes(&bench).await != before {
                wrong.push(format!("{function}: a refusal changed something"));
            }
            for caller in Caller::ALL {
                if whose.refusal(caller).is_some() {
                    continue;
                }
                let answer = world.site.post(function, world.cookie(caller), &fields).await;
                // Who owns a tenant alone cannot leave it.
                let granted = if *function == "member/leave" && caller == Caller::Owner { 409 } else { *granted };
                if answer.status != granted {
                    wrong.push(format!("{function} {caller:?}: {} {}, not {granted}", answer.status, answer.text));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}
