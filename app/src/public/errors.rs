//! `/docs/errors`: every code that a problem may carry, and what to do about it. The `type` of a
//! problem leads here, so each code is an anchor. A new code gets its line: a test of the server
//! compares this page with the sources.

use leptos::prelude::*;

use crate::components::prelude::*;

/// Code, status, what to do.
type Line = (&'static str, u16, &'static str);

const GATEWAY: &[Line] = &[
    (
        "request_malformed",
        400,
        "The path, host or a header could be read in two ways. Send the path without dot segments, backslashes or encoded slashes.",
    ),
    ("credentials_missing", 401, "Send the Client ID and Client Secret with HTTP Basic, or a bearer token from /oauth/token."),
    ("credentials_invalid", 401, "The pair is unknown, wrong or revoked. Compare it with the key in the dashboard, or create another key."),
    ("credentials_expired", 401, "The key or token has expired. Ask for a new token, or rotate the key."),
    ("subscription_inactive", 403, "The subscription has ended, is paused or unpaid. An owner can resume it or subscribe again."),
    ("application_suspended", 403, "Resume the application in the dashboard."),
    ("application_not_active", 403, "The application is being made, has failed or is being deleted. Its page says which."),
    ("tenant_suspended", 403, "The tenant is suspended. Contact support; nothing is lost."),
    ("product_mismatch", 403, "The key belongs to an application of another product. Use a key of an application of this one."),
    ("scope_insufficient", 403, "The scopes of the key do not include this call. Create a key that has it."),
    ("ip_not_allowed", 403, "The key may not be used from this address. Add the network to the key, or call from elsewhere."),
    (
        "origin_not_allowed",
        403,
        "The page that calls is not of an origin that the application allows. Add it in the application's settings.",
    ),
    ("product_unknown", 404, "No product has this name. Compare the address with the one in the dashboard."),
    ("route_unknown", 404, "The product has no such route. Its page in the catalogue lists them."),
    ("method_not_allowed", 405, "The route takes other methods: the Allow header names them."),
    ("request_timeout", 408, "The head or the body of the request did not arrive in time. Send it faster or in parts."),
    ("body_too_large", 413, "Send less at once. The plan may name a limit of its own: another plan may allow more."),
    ("uri_too_long", 414, "Move parameters into the body."),
    ("headers_too_large", 431, "Send fewer or shorter headers; often cookies are the cause."),
    ("rate_limited", 429, "Wait for the seconds in Retry-After, then slow down to the rate of the plan, or change the plan."),
    ("quota_exhausted", 429, "The calls that the plan includes are used up. Change the plan, or wait for the next period."),
    (
        "answer_too_large",
        502,
        "The answer is larger than the plan allows. Ask for less at once, as by pages or ranges, or change the plan.",
    ),
    ("service_unreachable", 502, "The service behind the product cannot be reached. Try again; we have been told."),
    ("service_unavailable", 503, "The call cannot be served right now. Try again after the seconds in Retry-After."),
    ("not_cached", 504, "The request says only-if-cached, and no fresh answer is stored. Send it without."),
    ("service_timeout", 504, "The service did not answer in time. The call may have taken effect: ask before you repeat it."),
];

const GENERAL: &[Line] = &[
    ("invalid", 422, "Fields are wrong. The member “errors” names each field, with a code and a sentence."),
    ("form_unreadable", 422, "A part of the form is missing or not in the expected form. Reload the page and try again."),
    ("link_used_up", 422, "The link of a mail works once and for a limited time. Ask for a new one."),
    ("log_in_failed", 422, "The e-mail address or the password is wrong."),
    ("unauthenticated", 401, "Log in, or send a personal access token as a bearer token."),
    ("forbidden", 403, "Your role may not do this. An owner can change the role."),
    ("json_malformed", 400, "The body is not JSON. The detail says where it stops being read."),
    ("body_unreadable", 400, "The form did not arrive whole. Send it again."),
    ("body_incomplete", 400, "The connection broke off while the body was sent. Send the request again."),
    ("content_type", 415, "Send the body as JSON, with the header Content-Type: application/json."),
    ("cross_site", 403, "The form came from another site. Open the page here and send it again."),
    ("other_address", 403, "The invitation is for another address. Log in with that one."),
    ("email_unverified", 403, "Confirm your e-mail address with the link in the mail first."),
    ("no_subscription", 403, "Subscribe to the product first."),
    ("not_found", 404, "It does not exist, was deleted, or is not yours to see."),
    ("too_many_attempts", 429, "Wait for the time that is named, then try again."),
    ("database_unavailable", 503, "Nothing was changed. Try again in a moment."),
    ("outcome_unknown", 503, "The connection broke off while it was saved. Look whether it was before you send it again."),
    ("internal", 500, "Something broke on our side and was logged. Try again; tell us the request id if it stays."),
];

const CONFLICT: &[Line] = &[
    ("subscription_exists", 409, "There is a live subscription to this product. Change its plan instead."),
    ("subscription_ended", 409, "The subscription has ended. Subscribe again."),
    ("subscription_changed", 409, "The subscription changed meanwhile. Look again, then decide."),
    ("subscription_status", 409, "The subscription is in a state in which this cannot be done. The detail names it."),
    ("nothing_to_resume", 409, "The subscription is neither paused nor about to end."),
    ("too_many_applications", 409, "There are more applications than the plan allows. Delete some, or choose a larger plan."),
    ("payment_required", 409, "The plan costs money, and no payment is set up. Choose a plan that costs nothing."),
    ("idempotency_mismatch", 409, "This Idempotency-Key was used for another request within 24 hours. Use a new key."),
    (
        "idempotency_in_flight",
        409,
        "A request with this Idempotency-Key is being worked on, or was cut off. Look whether it took effect before you use another key.",
    ),
    ("already_member", 409, "The person is a member already."),
    ("already_invited", 409, "There is an open invitation. Revoke it to send another."),
    ("own_account", 409, "You cannot do this to your own account. Ask another super admin."),
    ("already_verified", 409, "The address is confirmed already."),
    ("email_taken", 409, "Another account has this address by now."),
    ("last_owner", 409, "A tenant needs an owner. Make somebody else owner first."),
    ("too_many_tenants", 409, "Delete a tenant that is no longer needed."),
    ("tenant_not_active", 409, "The tenant is being deleted already, or suspended."),
    ("tenant_status", 409, "The tenant is in a state in which this cannot be done. The detail names it."),
    ("tenant_deleting", 409, "The tenant is being deleted, so nothing new begins in it. An owner can keep it, in its settings."),
    ("tenant_not_deleting", 409, "The tenant is not being deleted, so there is nothing to keep."),
    ("application_limit", 409, "The plan includes no more applications. Delete one or change the plan."),
    ("not_provisionable", 409, "Applications are not made of this product."),
    ("name_collision", 409, "The address of this name was just taken. Try again."),
    ("application_not_failed", 409, "Only what failed can be tried again."),
    ("application_not_suspended", 409, "Only a suspended application can be resumed."),
    ("application_not_deleting", 409, "The application is not being deleted, so there is nothing to keep."),
    ("application_deleting", 409, "The application is being deleted. Keep it first."),
    ("application_gone", 409, "The application is deleted for good."),
    ("key_not_live", 409, "The key is revoked or expired. Create another."),
    ("too_many_keys", 409, "Revoke a key that is no longer needed."),
    ("slug_taken", 409, "Choose another slug."),
    ("code_taken", 409, "Choose another code for the plan."),
    ("service_in_use", 409, "Products are on the service. Delete them, or move them to another service, first."),
    ("product_published", 409, "The product is published already."),
    ("product_not_published", 409, "The product is not published."),
    ("product_not_draft", 409, "Only a draft can be deleted. Archive the product instead."),
    ("product_in_use", 409, "Subscriptions hang on it. Archive the product instead."),
    ("not_publishable", 409, "The product lacks a plan or a service."),
    ("last_plan", 409, "A published product needs a plan. Add another first, or archive the product."),
    ("plan_archived", 409, "The plan is not offered any more. Choose another."),
    ("plan_changed", 409, "Somebody changed the plan meanwhile. Look again, then decide."),
    ("already_queued", 409, "The same work is on the queue already."),
    ("job_not_waiting", 409, "The job is done or running, so there is nothing to start again."),
];

#[component]
pub fn Errors() -> impl IntoView {
    view! {
        <SiteShell title="Errors">
            <PageHeader title="Errors"
                lede="Every answer that is an error of ours carries problem+json with a stable code. Programs decide by the code, people read the detail." />
            <Codes title="Calls to products" lines=GATEWAY note="From the gateway. The header Mintreu-Error-Source says whether the client, the platform or the service is to blame." />
            <Codes title="REST API and pages" lines=GENERAL note="" />
            <Codes title="Conflicts" lines=CONFLICT note="The request was understood and stands against what is there." />
        </SiteShell>
    }
}

#[component]
fn Codes(title: &'static str, lines: &'static [Line], note: &'static str) -> impl IntoView {
    let rows = lines
        .iter()
        .map(|(code, status, advice)| Row::new(cells![view! { <code id=*code>{*code}</code> }, i64::from(*status), *advice]))
        .collect();
    let columns = vec![Column::new("Code"), Column::new("Status").num(), Column::new("What to do")];
    let note = (!note.is_empty()).then(|| view! { <p class="muted small">{note}</p> });
    view! {
        <section class="stack">
            <h2>{title}</h2>
            {note}
            <Card flush=true><Table caption=title columns=columns rows=rows /></Card>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_one_line() {
        let all: Vec<_> = [GATEWAY, GENERAL, CONFLICT].concat().into_iter().map(|(code, ..)| code).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}
