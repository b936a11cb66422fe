//! Tenants, members, invitations, and who may do what.

#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot set up has failed; errors are used up when read"
)]

use chrono::TimeDelta;
use mintreu_control::{
    Actor, Error,
    access::{ManageApplications, ManageMembers, ManageTenant, OwnTenant, ViewAudit, ViewTenant},
};
use mintreu_control_testing::{Bench, mail_token, on_both};
use mintreu_model::{
    form::{
        account::UseToken,
        tenant::{AssignMember, ChangeRole, DeleteTenant, Invite, RenameTenant, SuspendTenant},
    },
    list::ListQuery,
    role::Role,
    status::{InvitationStatus, TenantStatus},
};

fn code(error: Error) -> String {
    error.problem().code
}

async fn join(bench: &Bench, owner: &Actor, tenant: mintreu_model::id::TenantId, name: &str, role: Role) -> Actor {
    let actor = bench.person(name).await;
    let who = bench.permit::<ManageMembers>(owner, tenant).await.unwrap();
    bench.invite(&who, &Invite { email: actor.email.clone(), role }).await.unwrap();
    let query = ListQuery { q: Some(actor.email.clone()), ..Default::default() };
    let mail = bench.list_mail(&bench.operator().await, &query).await.unwrap().data.remove(0);
    bench.accept_invitation(&actor, &UseToken { token: mail_token(&mail.text) }).await.unwrap();
    actor
}

#[tokio::test]
async fn to_a_stranger_a_tenant_does_not_exist() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let tenant = bench.tenant(&ines, "Fjordline Goods").await;
        let stranger = bench.person("sam").await;
        assert_eq!(code(bench.permit::<ViewTenant>(&stranger, tenant.id).await.unwrap_err()), "not_found");
        assert_eq!(code(bench.permit_by_slug::<ViewTenant>(&stranger, &tenant.slug).await.unwrap_err()), "not_found");
        assert!(bench.list_tenants(&stranger).await.unwrap().is_empty());
        assert!(tenant.slug.starts_with("fjordline-goods-"));
    })
    .await;
}

#[tokio::test]
async fn each_role_may_do_what_the_table_says() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let tenant = bench.tenant(&ines, "Fjordline").await.id;
        for role in Role::ALL {
            let actor = if role == Role::Owner { ines.clone() } else { join(&bench, &ines, tenant, role.as_str(), role).await };
            let may = |right: Result<(), Error>| right.map_or_else(|error| error.problem().status, |()| 200);
            let seen = [
                may(bench.permit::<ViewTenant>(&actor, tenant).await.map(drop)),
                may(bench.permit::<ManageTenant>(&actor, tenant).await.map(drop)),
                may(bench.permit::<OwnTenant>(&actor, tenant).await.map(drop)),
                may(bench.permit::<ManageApplications>(&actor, tenant).await.map(drop)),
                may(bench.permit::<ViewAudit>(&actor, tenant).await.map(drop)),
            ];
            let expected = match role {
                Role::Owner => [200, 200, 200, 200, 200],
                Role::Admin => [200, 200, 403, 200, 200],
                Role::Developer => [200, 403, 403, 200, 403],
                Role::Billing | Role::Viewer => [200, 403, 403, 403, 403],
            };
            assert_eq!(seen, expected, "{role:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_invitation_is_for_one_address_once_and_can_be_revoked() {
    on_both(async |bench| {
        let who = bench.owner::<ManageMembers>("ines").await;
        let form = Invite { email: "Jonas@people.test".into(), role: Role::Developer };
        let made = bench.invite(&who, &form).await.unwrap();
        assert_eq!(made.status, InvitationStatus::Pending);
        assert_eq!(code(bench.invite(&who, &form).await.unwrap_err()), "already_invited");
        let mail = bench
            .list_mail(&bench.operator().await, &ListQuery { q: Some("jonas@".into()), ..Default::default() })
            .await
            .unwrap()
            .data
            .remove(0);
        let token = mail_token(&mail.text);
        assert_eq!(bench.get_invitation_offer(&token).await.unwrap().email, "jonas@people.test");

        let sam = bench.person("sam").await;
        assert_eq!(code(bench.accept_invitation(&sam, &UseToken { token: token.clone() }).await.unwrap_err()), "other_address");
        let jonas = bench.person("jonas").await;
        bench.accept_invitation(&jonas, &UseToken { token: token.clone() }).await.unwrap();
        assert_eq!(code(bench.accept_invitation(&jonas, &UseToken { token }).await.unwrap_err()), "not_found");
        assert_eq!(code(bench.invite(&who, &form).await.unwrap_err()), "already_member");

        let other = bench.invite(&who, &Invite { email: "late@people.test".into(), role: Role::Viewer }).await.unwrap();
        bench.revoke_invitation(&who, other.id).await.unwrap();
        let statuses: Vec<_> = bench.list_invitations(&who.also().unwrap()).await.unwrap().into_iter().map(|view| view.status).collect();
        assert_eq!(statuses, [InvitationStatus::Revoked, InvitationStatus::Accepted]);
    })
    .await;
}

#[tokio::test]
async fn two_people_with_one_link_cannot_both_use_it() {
    on_both(async |bench| {
        let who = bench.owner::<ManageMembers>("ines").await;
        let jonas = bench.person("jonas").await;
        bench.invite(&who, &Invite { email: jonas.email.clone(), role: Role::Viewer }).await.unwrap();
        let mail = bench
            .list_mail(&bench.operator().await, &ListQuery { q: Some("jonas@".into()), ..Default::default() })
            .await
            .unwrap()
            .data
            .remove(0);
        let form = UseToken { token: mail_token(&mail.text) };
        let (one, two) = tokio::join!(bench.accept_invitation(&jonas, &form), bench.accept_invitation(&jonas, &form));
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
    })
    .await;
}

#[tokio::test]
async fn a_tenant_keeps_an_owner_and_only_owners_make_owners() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let tenant = bench.tenant(&ines, "Fjordline").await.id;
        let admin = join(&bench, &ines, tenant, "jonas", Role::Admin).await;
        let owner = bench.permit::<ManageMembers>(&ines, tenant).await.unwrap();
        assert_eq!(code(bench.change_role(&owner, ines.user_id, &ChangeRole { role: Role::Viewer }).await.unwrap_err()), "last_owner");
        assert_eq!(code(bench.leave_tenant(&owner.also().unwrap()).await.unwrap_err()), "last_owner");
        let by_admin = bench.permit::<ManageMembers>(&admin, tenant).await.unwrap();
        assert_eq!(code(bench.change_role(&by_admin, admin.user_id, &ChangeRole { role: Role::Owner }).await.unwrap_err()), "forbidden");
        assert_eq!(code(bench.remove_member(&by_admin, ines.user_id).await.unwrap_err()), "forbidden");
        bench.change_role(&owner, admin.user_id, &ChangeRole { role: Role::Owner }).await.unwrap();
        bench.leave_tenant(&owner.also().unwrap()).await.unwrap();
        assert_eq!(code(bench.permit::<ViewTenant>(&ines, tenant).await.unwrap_err()), "not_found");
    })
    .await;
}

#[tokio::test]
async fn deleting_needs_the_name_typed_and_can_be_taken_back_within_the_grace() {
    on_both(async |bench| {
        let who = bench.owner::<OwnTenant>("ines").await;
        let wrong = bench.delete_tenant(&who, &DeleteTenant { confirm: "something".into() }).await.unwrap_err();
        assert_eq!(wrong.problem().errors[0].field, "confirm");
        let form = DeleteTenant { confirm: "ines Ltd".into() };
        let deleting = bench.delete_tenant(&who, &form).await.unwrap();
        assert_eq!(deleting.status, TenantStatus::Deleting);
        assert_eq!(code(bench.delete_tenant(&who, &form).await.unwrap_err()), "tenant_not_active");
        assert_eq!(bench.keep_tenant(&who).await.unwrap().status, TenantStatus::Active);
        bench.delete_tenant(&who, &form).await.unwrap();
        assert!(bench.tenants_due_for_removal().await.unwrap().is_empty());
        bench.advance(TimeDelta::days(15));
        assert_eq!(bench.tenants_due_for_removal().await.unwrap(), [who.tenant_id()]);
        assert!(bench.remove_tenant(who.tenant_id()).await.unwrap());
        assert_eq!(code(bench.permit::<ViewTenant>(who.actor(), who.tenant_id()).await.unwrap_err()), "not_found");
    })
    .await;
}

#[tokio::test]
async fn a_suspended_tenant_can_be_looked_at_but_not_changed() {
    on_both(async |bench| {
        let who = bench.owner::<ManageTenant>("ines").await;
        let operator = bench.operator().await;
        let form = SuspendTenant { reason: "Unpaid since March".into() };
        let suspended = bench.suspend_tenant(&operator, who.tenant_id(), &form).await.unwrap();
        assert_eq!(suspended.status_reason.as_deref(), Some("Unpaid since March"));
        assert_eq!(code(bench.suspend_tenant(&operator, who.tenant_id(), &form).await.unwrap_err()), "tenant_status");
        assert_eq!(code(bench.permit::<ManageTenant>(who.actor(), who.tenant_id()).await.unwrap_err()), "tenant_suspended");
        bench.permit::<ViewTenant>(who.actor(), who.tenant_id()).await.unwrap();
        bench.resume_tenant(&operator, who.tenant_id()).await.unwrap();
        bench.permit::<ManageTenant>(who.actor(), who.tenant_id()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn every_change_is_in_the_audit_log_with_before_and_after() {
    on_both(async |bench| {
        let who = bench.owner::<ManageTenant>("ines").await;
        bench.rename_tenant(&who, &RenameTenant { name: " Fjordline ".into() }).await.unwrap();
        let entries = bench.list_audit(&who.also().unwrap(), &ListQuery::default()).await.unwrap();
        let actions: Vec<_> = entries.data.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["tenant.rename", "tenant.create"]);
        let rename = &entries.data[0];
        assert_eq!(rename.actor, "ines@people.test");
        assert_eq!(rename.before.as_ref().unwrap()["name"], "ines Ltd");
        assert_eq!(rename.after.as_ref().unwrap()["name"], "Fjordline");
        let other = bench.owner::<ViewAudit>("sam").await;
        assert_eq!(bench.list_audit(&other, &ListQuery::default()).await.unwrap().total, 1);
    })
    .await;
}

#[tokio::test]
async fn super_admins_assign_registered_people_only() {
    on_both(async |bench| {
        let who = bench.owner::<ViewTenant>("ines").await;
        let operator = bench.operator().await;
        let unknown = AssignMember { email: "nobody@people.test".into(), role: Role::Viewer };
        assert_eq!(bench.assign_member(&operator, who.tenant_id(), &unknown).await.unwrap_err().problem().errors[0].field, "email");
        bench.person("priya").await;
        let form = AssignMember { email: "priya@people.test".into(), role: Role::Developer };
        assert_eq!(bench.assign_member(&operator, who.tenant_id(), &form).await.unwrap().role, Role::Developer);
        let rows = bench.list_any_tenants(&operator, &ListQuery::default()).await.unwrap();
        assert_eq!((rows.total, rows.data[0].members), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_tenant_cannot_be_kept_once_its_grace_is_over() {
    on_both(async |bench| {
        let who = bench.owner::<OwnTenant>("ines").await;
        let form = DeleteTenant { confirm: who.tenant().name.clone() };
        bench.delete_tenant(&who, &form).await.unwrap();
        bench.advance(TimeDelta::days(14));
        assert_eq!(code(bench.keep_tenant(&who).await.unwrap_err()), "tenant_not_deleting");
        assert!(bench.remove_tenant(who.tenant_id()).await.unwrap());
        assert!(matches!(bench.permit::<ViewTenant>(who.actor(), who.tenant_id()).await, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn of_keeping_and_removing_at_once_one_wins() {
    on_both(async |bench| {
        let who = bench.owner::<OwnTenant>("ines").await;
        let form = DeleteTenant { confirm: who.tenant().name.clone() };
        bench.delete_tenant(&who, &form).await.unwrap();
        let (kept, removed) = tokio::join!(bench.keep_tenant(&who), bench.remove_tenant(who.tenant_id()));
        assert!(removed.unwrap());
        let there = bench.permit::<ViewTenant>(who.actor(), who.tenant_id()).await.is_ok();
        assert_eq!(kept.is_ok(), there, "what was kept is there");
    })
    .await;
}

#[tokio::test]
async fn an_invitation_says_until_when_it_works() {
    on_both(async |bench| {
        let who = bench.owner::<ManageMembers>("ines").await;
        let operator = bench.operator().await;
        bench.change_setting(&operator, "invitation_days", 3).await.unwrap();
        bench.invite(&who, &Invite { email: "sam@people.test".into(), role: Role::Viewer }).await.unwrap();
        let query = ListQuery { q: Some("sam@people".into()), ..Default::default() };
        let text = bench.list_mail(&operator, &query).await.unwrap().data.remove(0).text;
        assert!(text.contains("works until 4 March 2026"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_a_slug_is_not_found_on_either_engine() {
    on_both(async |bench| {
        let who = bench.owner::<ViewTenant>("ines").await;
        let operator = bench.operator().await;
        for slug in ["a\0b", "", "Größe", "a b", "../x"] {
            assert!(matches!(bench.permit_by_slug::<ViewTenant>(who.actor(), slug).await, Err(Error::NotFound(_))), "{slug:?}");
            assert!(matches!(bench.get_application_by_slug(&who, slug).await, Err(Error::NotFound(_))), "{slug:?}");
            assert!(matches!(bench.get_product(slug).await, Err(Error::NotFound(_))), "{slug:?}");
            assert!(matches!(bench.get_own_product(&who, slug).await, Err(Error::NotFound(_))), "{slug:?}");
            assert!(matches!(bench.get_service(&operator, slug).await, Err(Error::NotFound(_))), "{slug:?}");
            assert!(matches!(bench.delete_product(&operator, slug).await, Err(Error::NotFound(_))), "{slug:?}");
            assert!(matches!(bench.delete_service(&operator, slug).await, Err(Error::NotFound(_))), "{slug:?}");
        }
        let query = ListQuery { q: Some("\0".into()), status: Some("\0".into()), ..Default::default() };
        assert_eq!(bench.list_any_tenants(&operator, &query).await.unwrap().total, 0);
    })
    .await;
}
