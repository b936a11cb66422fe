//! Forms about settings and the test clock.

use std::collections::BTreeMap;

use leptos::prelude::*;
use mintreu_model::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};

use crate::{
    Done, Error,
    components::time::moment,
    context::{control, operator},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// As typed, by the key of the setting.
    #[serde(default)]
    values: BTreeMap<String, String>,
}

/// Changes the settings that differ, or none when one of them cannot be.
#[server(prefix = "/_fn", endpoint = "setting/change")]
pub async fn change_settings(form: Settings) -> Result<Done, Error> {
    let (who, control) = (operator()?, control()?);
    let (mut wrong, mut changes) = (Vec::new(), Vec::new());
    for setting in control.list_settings(&who).await? {
        let Some(typed) = form.values.get(&setting.key) else { continue };
        match typed.trim().parse::<i64>() {
            Ok(value) if value == setting.value => {}
            Ok(value) if (setting.minimum..=setting.maximum).contains(&value) => changes.push((setting.key, value)),
            _ => {
                let message = format!("{}: choose a whole number from {} to {}", setting.title, setting.minimum, setting.maximum);
                wrong.push(FieldError::new(format!("values.{}", setting.key), "out_of_range", message));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(Problem::fields(wrong).into());
    }
    for (key, value) in &changes {
        control.change_setting(&who, key, *value).await?;
    }
    let message = if changes.is_empty() { "Nothing was changed." } else { "The settings are saved." };
    Ok(Done::to("/admin/settings").saying(message))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Advance {
    days: String,
}

/// The furthest that the clock moves in one go.
pub const MOST_DAYS: i64 = 366;

/// Moves business time forward and runs whatever falls due.
#[server(prefix = "/_fn", endpoint = "clock/advance")]
pub async fn advance_clock(form: Advance) -> Result<Done, Error> {
    let who = operator()?;
    let refused = || Problem::fields(vec![FieldError::new("days", "out_of_range", format!("Choose a whole number from 1 to {MOST_DAYS}"))]);
    let days = form.days.trim().parse::<i64>().ok().filter(|days| (1..=MOST_DAYS).contains(days)).ok_or_else(refused)?;
    let now = control()?.advance_clock(&who, days * 86_400).await?;
    Ok(Done::to("/admin/settings").saying(format!("Business time is {} now. What fell due was done.", moment(now))))
}
