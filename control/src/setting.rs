//! Settings that a super admin may change while the platform runs: whole numbers with bounds.
//! To add one, add a line to `SETTINGS`.

use mintreu_model::view::SettingView;

use crate::{
    Control, Error, Operator, Result,
    audit::Entry,
    store::{Db, execute, read},
};

struct Setting {
    key: &'static str,
    title: &'static str,
    hint: &'static str,
    default: i64,
    minimum: i64,
    maximum: i64,
    unit: &'static str,
}

pub(crate) const APPLICATION_GRACE: &str = "application_grace_days";
pub(crate) const TENANT_GRACE: &str = "tenant_grace_days";
pub(crate) const INVITATION_LIFE: &str = "invitation_days";

const SETTINGS: &[Setting] = &[
    Setting {
        key: APPLICATION_GRACE,
        title: "Keep deleted applications",
        hint: "How long the data of a deleted application, or of one whose subscription ended, is kept before it is dropped.",
        default: 30,
        minimum: 0,
        maximum: 365,
        unit: "days",
    },
    Setting {
        key: TENANT_GRACE,
        title: "Keep deleted tenants",
        hint: "How long an owner can change their mind.",
        default: 14,
        minimum: 0,
        maximum: 365,
        unit: "days",
    },
    Setting {
        key: INVITATION_LIFE,
        title: "Life of an invitation",
        hint: "After that the link no longer works.",
        default: 7,
        minimum: 1,
        maximum: 60,
        unit: "days",
    },
];

/// The value in force.
pub(crate) async fn value(db: &Db, key: &'static str) -> Result<i64> {
    let stored: Option<i64> = read!(db, c => sqlx::query_scalar("SELECT value FROM settings WHERE name = $1").bind(key).fetch_optional(c))?;
    let default = SETTINGS.iter().find(|setting| setting.key == key).map_or(0, |setting| setting.default);
    Ok(stored.unwrap_or(default))
}

impl Control {
    pub async fn list_settings(&self, _: &Operator) -> Result<Vec<SettingView>> {
        let stored: Vec<(String, i64)> = read!(self.db, c => sqlx::query_as("SELECT name, value FROM settings").fetch_all(c))?;
        Ok(SETTINGS
            .iter()
            .map(|setting| SettingView {
                key: setting.key.to_owned(),
                title: setting.title.to_owned(),
                hint: setting.hint.to_owned(),
                value: stored.iter().find(|(key, _)| key == setting.key).map_or(setting.default, |(_, value)| *value),
                default: setting.default,
                minimum: setting.minimum,
                maximum: setting.maximum,
                unit: setting.unit.to_owned(),
            })
            .collect())
    }

    pub async fn change_setting(&self, who: &Operator, key: &str, value: i64) -> Result<()> {
        let setting = SETTINGS.iter().find(|setting| setting.key == key).ok_or(Error::NotFound("setting"))?;
        if !(setting.minimum..=setting.maximum).contains(&value) {
            let message = format!("Choose a number from {} to {}", setting.minimum, setting.maximum);
            return Err(Error::field("value", "out_of_range", message));
        }
        let before = self::value(&self.db, setting.key).await?;
        let mut tx = self.db.begin().await?;
        execute!(
            tx,
            sqlx::query("INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at")
                .bind(key)
                .bind(value)
                .bind(self.clock.system_now())
        )?;
        self.record(&mut tx, Some(who.actor()), Entry::new("setting.change", ("setting", key, setting.title)).before(before).after(value))
            .await?;
        tx.commit().await
    }
}
