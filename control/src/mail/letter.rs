//! The letters that the platform writes: subject, paragraphs, one link to act on.

use mintreu_model::{
    id::SubscriptionId,
    money::{Money, group},
};

/// A letter in plain text and HTML.
#[derive(Debug, Clone)]
pub struct Letter {
    pub subject: String,
    paragraphs: Vec<String>,
    action: Option<(String, String)>,
}

/// What a letter says, for the dashboard.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    pub subject: String,
    pub text: String,
    /// Where its link leads.
    pub path: Option<String>,
}

impl Letter {
    fn new(subject: impl Into<String>, paragraphs: &[&str]) -> Self {
        Self { subject: subject.into(), paragraphs: paragraphs.iter().map(|&text| text.to_owned()).collect(), action: None }
    }

    fn action(mut self, label: &str, url: String) -> Self {
        self.action = Some((label.to_owned(), url));
        self
    }

    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.paragraphs.join("\n\n");
        if let Some((label, url)) = &self.action {
            text.extend(["\n\n", label, ":\n", url]);
        }
        text.push_str("\n\n— Mintreu\n");
        text
    }

    pub(crate) fn words(&self, base: &str) -> Words {
        let path = self.action.as_ref().and_then(|(_, url)| url.strip_prefix(base)).map(str::to_owned);
        Words { subject: self.subject.clone(), text: self.paragraphs.join("\n\n"), path }
    }

    #[must_use]
    pub fn html(&self) -> String {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let mut html = String::from("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><body>");
        for paragraph in &self.paragraphs {
            html.extend(["<p>", &escape(paragraph), "</p>"]);
        }
        if let Some((label, url)) = &self.action {
            html.extend(["<p><a href=\"", &escape(url), "\">", &escape(label), "</a></p>"]);
        }
        html.push_str("<p>— Mintreu</p></body></html>");
        html
    }
}

pub(crate) fn verify(base: &str, token: &str) -> Letter {
    Letter::new(
        "Confirm your e-mail address",
        &[
            "Welcome to Mintreu. Confirm that this address is yours, and you can make applications.",
            "The link works for 24 hours, once. If you did not register, ignore this mail.",
        ],
    )
    .action("Confirm the address", format!("{base}/verify?token={token}"))
}

pub(crate) fn already_registered(base: &str) -> Letter {
    Letter::new(
        "You already have an account",
        &["Somebody, probably you, tried to register with this address. It has an account already: log in, or set a new password if you have forgotten yours."],
    )
    .action("Log in", format!("{base}/login"))
}

pub(crate) fn reset(base: &str, token: &str) -> Letter {
    Letter::new(
        "Set a new password",
        &[
            "Somebody, probably you, asked for a new password.",
            "The link works for one hour, once. If it was not you, ignore this mail: nothing changes.",
        ],
    )
    .action("Set a new password", format!("{base}/reset?token={token}"))
}

pub(crate) fn password_changed(base: &str) -> Letter {
    Letter::new(
        "Your password was changed",
        &["The password of your account was changed and all other sessions were ended.", "If it was not you, set a new one at once."],
    )
    .action("Set a new password", format!("{base}/forgot"))
}

pub(crate) fn change_email(base: &str, token: &str) -> Letter {
    Letter::new("Confirm your new e-mail address", &["Confirm that this is your new address. The link works for 24 hours, once."])
        .action("Confirm the new address", format!("{base}/verify?token={token}"))
}

pub(crate) fn email_changed(new: &str) -> Letter {
    Letter::new("Your e-mail address was changed", &[&format!("Your account now uses {new}. If it was not you, contact support at once.")])
}

pub(crate) fn invitation(base: &str, token: &str, tenant: &str, by: &str, role: &str, until: &str) -> Letter {
    Letter::new(
        format!("Join {tenant} on Mintreu"),
        &[&format!("{by} invites you to {tenant} as {role}."), &format!("The link works until {until}, once, for this address.")],
    )
    .action("Accept the invitation", format!("{base}/invitation?token={token}"))
}

pub(crate) fn tenant_deletion(base: &str, slug: &str, tenant: &str, on: &str) -> Letter {
    Letter::new(
        format!("{tenant} will be deleted"),
        &[&format!("{tenant}, its applications and their data will be deleted on {on}. Its keys stopped working now. Until then an owner can keep it.")],
    )
    .action("Keep the tenant", format!("{base}/t/{slug}/settings"))
}

pub(crate) fn application_ready(base: &str, tenant: &str, slug: &str, name: &str) -> Letter {
    Letter::new(format!("{name} is ready"), &[&format!("{name} has its database and answers calls.")])
        .action("Open it", format!("{base}/t/{tenant}/applications/{slug}"))
}

pub(crate) fn application_failed(base: &str, tenant: &str, slug: &str, name: &str, reason: &str) -> Letter {
    Letter::new(
        format!("{name} could not be made"),
        &[&format!("Making {name} failed: {reason}"), "Nothing is charged for it. You can try again."],
    )
    .action("See what happened", format!("{base}/t/{tenant}/applications/{slug}"))
}

pub(crate) fn subscription_changed(base: &str, tenant: &str, product: &str, what: &str) -> Letter {
    Letter::new(format!("Your subscription to {product}"), &[what])
        .action("See your subscriptions", format!("{base}/t/{tenant}/subscriptions"))
}

/// Where a plan's quota stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota<'a> {
    pub product: &'a str,
    pub plan: &'a str,
    pub used: i64,
    pub included: i64,
    /// Price of a thousand calls more; none where calls end with the quota.
    pub overage: Option<Money>,
    /// When the next period begins.
    pub until: &'a str,
}

pub(crate) fn quota_reached(base: &str, tenant: &str, subscription: SubscriptionId, percent: i64, quota: Quota<'_>) -> Letter {
    let [used, included] = [quota.used, quota.included].map(|number| group(number.unsigned_abs()));
    let (product, plan, until) = (quota.product, quota.plan, quota.until);
    let is_used_up = percent >= 100;
    let counted = if is_used_up {
        format!("All {included} calls that {plan} includes are used.")
    } else {
        format!("{used} of the {included} calls that {plan} includes are used.")
    };
    let next = match (quota.overage, is_used_up) {
        (None, true) => format!("Calls are refused until {until}. Change to a larger plan to go on before that."),
        (None, false) => format!("When all are used, calls are refused until {until}."),
        (Some(price), true) => format!("Further calls are charged: {price} for each 1,000 until {until}."),
        (Some(price), false) => format!("When all are used, further calls are charged: {price} for each 1,000 until {until}."),
    };
    Letter::new(format!("{product}: {percent} % of the quota is used"), &[&counted, &next])
        .action("See the subscription", format!("{base}/t/{tenant}/subscriptions/{subscription}"))
}
