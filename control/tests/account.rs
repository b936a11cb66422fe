//! Accounts, sessions and tokens.

#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot set up has failed; errors are used up when read"
)]

use chrono::TimeDelta;
use mintreu_control::{Actor, Error, account::session::Device};
use mintreu_control_testing::{Bench, PASSWORD, mail_token, on_both};
use mintreu_model::{
    form::account::{ChangeEmail, ChangePassword, CreateToken, ForgotPassword, Login, Register, ResetPassword, UseToken},
    list::ListQuery,
    view::MailView,
};

fn register(email: &str) -> Register {
    Register { name: "Ines".into(), email: email.into(), password: PASSWORD.into() }
}

fn login(email: &str, password: &str) -> Login {
    Login { email: email.into(), password: password.into(), remember: false, next: None }
}

async fn mails(bench: &Bench, to: &str) -> Vec<MailView> {
    let query = ListQuery { q: Some(to.into()), limit: Some(100), ..Default::default() };
    bench.list_mail(&bench.operator().await, &query).await.unwrap().data
}

fn fields(error: Error) -> Vec<String> {
    error.problem().errors.into_iter().map(|error| error.field).collect()
}

#[tokio::test]
async fn registering_answers_the_same_for_a_new_and_a_taken_address() {
    on_both(async |bench| {
        bench.register(&register("ines@people.test"), None).await.unwrap();
        bench.register(&register("INES@people.test "), None).await.unwrap();
        let subjects: Vec<String> = mails(&bench, "ines@").await.into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, ["You already have an account", "Confirm your e-mail address"]);
    })
    .await;
}

/// Rows of everything that an account writes, besides the account itself.
async fn rows(bench: &Bench) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in ["jobs", "mails", "email_tokens", "audit_entries", "sessions"] {
        rows.push(bench.number(&format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}")).await);
    }
    rows
}

async fn written(bench: &Bench, work: impl Future<Output = Result<(), Error>>) -> Vec<i64> {
    let before = rows(bench).await;
    work.await.unwrap();
    rows(bench).await.iter().zip(before).map(|(after, before)| after - before).collect()
}

#[tokio::test]
async fn whether_an_address_has_an_account_shows_in_no_write() {
    on_both(async |bench| {
        bench.person("ines").await;
        let sam = bench.person("sam").await;
        let (known, unknown) = (register("ines@people.test"), register("new@people.test"));
        assert_eq!(written(&bench, bench.register(&known, None)).await, written(&bench, bench.register(&unknown, None)).await);
        let change = |email: &str| ChangeEmail { email: email.into(), current_password: PASSWORD.into() };
        // What he asked for before is replaced by both.
        bench.change_email(&sam, &change("first@people.test")).await.unwrap();
        bench.change_email(&sam, &change("ines@people.test")).await.unwrap();
        let (known, unknown) = (change("ines@people.test"), change("other@people.test"));
        assert_eq!(written(&bench, bench.change_email(&sam, &known)).await, written(&bench, bench.change_email(&sam, &unknown)).await);
        let forgot = |email: &str| ForgotPassword { email: email.into() };
        let (known, unknown) = (forgot("ines@people.test"), forgot("nobody@people.test"));
        assert_eq!(written(&bench, bench.forgot_password(&known, None)).await, [1, 0, 0, 0, 0], "a job and nothing else");
        assert_eq!(written(&bench, bench.forgot_password(&unknown, None)).await, [1, 0, 0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_password_is_mailed_to_who_has_an_account_and_its_job_names_nobody() {
    on_both(async |bench| {
        bench.person("ines").await;
        for email in ["ines@people.test", "nobody@people.test"] {
            bench.forgot_password(&ForgotPassword { email: email.into() }, None).await.unwrap();
        }
        let named = "SELECT CAST(COUNT(*) AS BIGINT) FROM jobs WHERE target LIKE '%people%' OR CAST(payload AS TEXT) LIKE '%people%'";
        assert_eq!(bench.number(named).await, 0);
        // A job that was given up keeps the address for when it is started again.
        bench.sql("UPDATE jobs SET status = 'dead' WHERE kind = 'account.forgot'").await;
        let operator = bench.operator().await;
        let query = ListQuery { q: Some("account.forgot".into()), ..Default::default() };
        for job in bench.list_jobs(&operator, &query).await.unwrap().data {
            bench.retry_job(&operator, job.id).await.unwrap();
        }
        bench.run_due_jobs().await.unwrap();
        assert_eq!(mails(&bench, "ines@").await[0].subject, "Set a new password");
        assert!(mails(&bench, "nobody@").await.is_empty());
        let done = ListQuery { status: Some("done".into()), ..query };
        assert_eq!(bench.list_jobs(&operator, &done).await.unwrap().total, 2);
    })
    .await;
}

#[tokio::test]
async fn a_mailed_token_works_once_and_not_after_its_time() {
    on_both(async |bench| {
        bench.register(&register("ines@people.test"), None).await.unwrap();
        let token = mail_token(&mails(&bench, "ines@").await[0].text);
        bench.verify_email(&UseToken { token: token.clone() }).await.unwrap();
        assert_eq!(fields(bench.verify_email(&UseToken { token }).await.unwrap_err()), ["token"]);

        bench.register(&register("late@people.test"), None).await.unwrap();
        let token = mail_token(&mails(&bench, "late@").await[0].text);
        bench.advance(TimeDelta::hours(25));
        assert_eq!(fields(bench.verify_email(&UseToken { token }).await.unwrap_err()), ["token"]);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_get_one_answer() {
    on_both(async |bench| {
        bench.person("ines").await;
        let unknown = log_in(&bench, &login("nobody@people.test", PASSWORD)).await.unwrap_err().problem();
        let wrong = log_in(&bench, &login("ines@people.test", "not the password")).await.unwrap_err().problem();
        assert_eq!(unknown, wrong);
        assert_eq!(unknown.status, 401);
        assert_eq!(log_in(&bench, &login("Ines@people.test", PASSWORD)).await.unwrap().email, "ines@people.test");
    })
    .await;
}

#[tokio::test]
async fn guessing_is_throttled_per_account_and_says_how_long() {
    on_both(async |bench| {
        let mut throttled = None;
        for _ in 0..15 {
            let error = log_in(&bench, &login("victim@people.test", "guess guess guess")).await.unwrap_err();
            if let Error::Throttled { retry_after } = error {
                throttled = Some(retry_after);
                break;
            }
        }
        assert!(throttled.is_some_and(|wait| !wait.is_zero()));
        log_in(&bench, &login("other@people.test", "guess guess guess"))
            .await
            .map_err(|error| error.problem().status)
            .map(drop)
            .unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn a_reset_sets_the_password_ends_sessions_and_works_once() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let expires = bench.clock.system_now() + TimeDelta::hours(1);
        bench.session_create(b"token", Some(ines.user_id), "{}", &Device::default(), expires).await.unwrap();
        bench.forgot_password(&ForgotPassword { email: "ines@people.test".into() }, None).await.unwrap();
        bench.forgot_password(&ForgotPassword { email: "nobody@people.test".into() }, None).await.unwrap();
        bench.run_due_jobs().await.unwrap();
        assert!(mails(&bench, "nobody@").await.is_empty());
        let token = mail_token(&mails(&bench, "ines@").await[0].text);
        let form = ResetPassword { token, password: "a new password".into() };
        bench.reset_password(&form, None).await.unwrap();
        assert!(bench.reset_password(&form, None).await.is_err());
        assert!(bench.session_load(b"token").await.unwrap().is_none());
        log_in(&bench, &login("ines@people.test", "a new password")).await.unwrap();
        assert!(log_in(&bench, &login("ines@people.test", PASSWORD)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let wrong = ChangeEmail { email: "new@people.test".into(), current_password: "nope nope nope".into() };
        assert_eq!(fields(bench.change_email(&ines, &wrong).await.unwrap_err()), ["current_password"]);
        bench.change_email(&ines, &ChangeEmail { email: "new@people.test".into(), current_password: PASSWORD.into() }).await.unwrap();
        log_in(&bench, &login("ines@people.test", PASSWORD)).await.unwrap();
        let token = mail_token(&mails(&bench, "new@").await[0].text);
        bench.verify_email(&UseToken { token }).await.unwrap();
        log_in(&bench, &login("new@people.test", PASSWORD)).await.unwrap();
        assert_eq!(mails(&bench, "ines@").await[0].subject, "Your e-mail address was changed");
    })
    .await;
}

#[tokio::test]
async fn a_revoked_session_is_not_brought_back_by_a_late_save() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let expires = bench.clock.system_now() + TimeDelta::hours(1);
        let device = Device { name: "Firefox on Linux".into(), address: Some("203.0.113.9".into()) };
        assert!(bench.session_create(b"one", Some(ines.user_id), "{}", &device, expires).await.unwrap());
        assert!(!bench.session_create(b"one", Some(ines.user_id), "{}", &device, expires).await.unwrap());
        let shown = bench.list_sessions(&ines).await.unwrap();
        assert_eq!((shown.len(), shown[0].device.as_str()), (1, "Firefox on Linux"));
        let stranger = bench.person("sam").await;
        assert!(matches!(bench.revoke_session(&stranger, shown[0].id).await, Err(Error::NotFound(_))));
        bench.revoke_session(&ines, shown[0].id).await.unwrap();
        assert!(!bench.session_save(b"one", Some(ines.user_id), "{}", expires).await.unwrap());
        assert!(bench.session_load(b"one").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn changing_the_password_asks_for_the_present_one_and_ends_other_sessions() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let expires = bench.clock.system_now() + TimeDelta::hours(1);
        bench.session_create(b"other", Some(ines.user_id), "{}", &Device::default(), expires).await.unwrap();
        let wrong = ChangePassword { current_password: "nope nope nope".into(), password: "a new password".into() };
        assert_eq!(fields(bench.change_password(&ines, &wrong).await.unwrap_err()), ["current_password"]);
        bench
            .change_password(&ines, &ChangePassword { current_password: PASSWORD.into(), password: "a new password".into() })
            .await
            .unwrap();
        assert!(bench.session_load(b"other").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_token_works_until_it_expires_or_is_revoked() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let form = CreateToken { email: "ines@people.test".into(), password: PASSWORD.into(), name: "CI".into(), expires_in: Some(3600) };
        let made = bench.create_token(&form, None).await.unwrap();
        assert!(made.token.starts_with("mtp_"));
        assert_eq!(bench.authenticate_token(&made.token, None).await.unwrap().user_id, ines.user_id);
        assert!(bench.authenticate_token("mtp_unknown", None).await.is_err());
        bench.advance(TimeDelta::seconds(3601));
        assert!(bench.authenticate_token(&made.token, None).await.is_err());
        let other = bench.create_token(&CreateToken { expires_in: None, ..form }, None).await.unwrap();
        bench.revoke_token(&ines, other.id).await.unwrap();
        assert!(bench.authenticate_token(&other.token, None).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_disabled_account_can_do_nothing_and_an_admin_cannot_disable_themselves() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let operator = bench.operator().await;
        bench.set_user_disabled(&operator, ines.user_id, true).await.unwrap();
        assert!(log_in(&bench, &login("ines@people.test", PASSWORD)).await.is_err());
        let admin = bench.admin().await;
        assert!(matches!(bench.set_user_disabled(&operator, admin.user_id, true).await, Err(Error::Conflict { .. })));
        assert!(matches!(bench.operate(&ines), Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn a_flash_is_taken_once() {
    on_both(async |bench| {
        let token = bench.flash_put("typed").await.unwrap();
        assert_eq!(bench.flash_take(&token).await.unwrap().as_deref(), Some("typed"));
        assert_eq!(bench.flash_take(&token).await.unwrap(), None);
    })
    .await;
}

async fn log_in(bench: &Bench, form: &Login) -> Result<mintreu_model::view::UserView, Error> {
    bench.control.log_in(form, None).await
}

/// A session, a token of the API and links by mail: everything that opens an account but its password.
async fn doors(bench: &Bench, who: &Actor) -> i64 {
    let id = bench.literal(who.user_id.0);
    let mut open = 0;
    for table in ["sessions", "api_tokens", "email_tokens"] {
        let query = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table} WHERE user_id = {id}");
        open += i64::from(bench.number(&query).await > 0);
    }
    open
}

async fn open_doors(bench: &Bench, name: &str) -> Actor {
    let who = bench.person(name).await;
    let expires = bench.clock.system_now() + TimeDelta::hours(1);
    bench.session_create(name.as_bytes(), Some(who.user_id), "{}", &Device::default(), expires).await.unwrap();
    let form = ChangeEmail { email: format!("{name}@thief.test"), current_password: PASSWORD.into() };
    bench.change_email(&who, &form).await.unwrap();
    assert_eq!(doors(bench, &who).await, 3);
    who
}

#[tokio::test]
async fn who_had_an_account_before_it_was_made_a_super_admin_is_out() {
    on_both(async |bench| {
        let ines = open_doors(&bench, "ines").await;
        let id = bench.create_admin("Ines", "ines@people.test", "a new password").await.unwrap();
        assert_eq!((id, doors(&bench, &ines).await), (ines.user_id, 0));
    })
    .await;
}

#[tokio::test]
async fn a_reset_ends_api_tokens_and_every_other_mailed_link() {
    on_both(async |bench| {
        let ines = open_doors(&bench, "ines").await;
        bench.forgot_password(&ForgotPassword { email: "ines@people.test".into() }, None).await.unwrap();
        bench.run_due_jobs().await.unwrap();
        let token = mail_token(&mails(&bench, "ines@people").await[0].text);
        bench.reset_password(&ResetPassword { token, password: "a new password".into() }, None).await.unwrap();
        assert_eq!(doors(&bench, &ines).await, 0);
    })
    .await;
}

#[tokio::test]
async fn links_to_the_old_address_end_when_the_new_one_is_confirmed() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        bench.forgot_password(&ForgotPassword { email: "ines@people.test".into() }, None).await.unwrap();
        bench.run_due_jobs().await.unwrap();
        let old = mail_token(&mails(&bench, "ines@").await[0].text);
        bench.change_email(&ines, &ChangeEmail { email: "new@people.test".into(), current_password: PASSWORD.into() }).await.unwrap();
        let token = mail_token(&mails(&bench, "new@").await[0].text);
        bench.verify_email(&UseToken { token }).await.unwrap();
        let form = ResetPassword { token: old, password: "a new password".into() };
        assert_eq!(fields(bench.reset_password(&form, None).await.unwrap_err()), ["token"]);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_used_lasts_and_an_idle_one_ends() {
    on_both(async |bench| {
        let ines = bench.person("ines").await;
        let expires = bench.clock.system_now() + TimeDelta::hours(1);
        for token in [b"used", b"idle"] {
            bench.session_create(token, Some(ines.user_id), "{}", &Device::default(), expires).await.unwrap();
        }
        for _ in 0..4 {
            let stored = bench.session_load(b"used").await.unwrap().unwrap();
            let used_for = bench.clock.system_now() - stored.created_at;
            let until = bench.session_seen(&stored).await;
            assert_eq!(until, (!used_for.is_zero()).then(|| expires + used_for));
            assert_eq!(bench.session_seen(&stored).await, None);
            bench.advance(TimeDelta::minutes(40));
        }
        let stored = bench.session_load(b"used").await.unwrap().unwrap();
        assert_eq!(stored.expires_at, expires + TimeDelta::minutes(120), "prolonged once for each time");
        assert!(bench.session_load(b"idle").await.unwrap().is_none());
    })
    .await;
}
