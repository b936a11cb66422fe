//! The mail to who forgot a password: looked up here, where nobody waits who could tell by the time
//! whether the address has an account.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Ended, Failure, Job, Outcome, kind};
use crate::{Control, Error, Result, keyring::digest, store::Tx};

/// Most addresses that are typed belong to no account, and jobs are kept for days.
const PURPOSE: &str = "forgotten-password";

pub(crate) async fn enqueue(control: &Control, tx: &mut Tx, email: &str) -> Result<()> {
    let sealed = control.keyring.seal(&control.random, PURPOSE, email.as_bytes())?;
    let payload = Value::String(STANDARD.encode(sealed));
    control.enqueue(tx, kind::FORGOT, &hex::encode(digest(email)), &payload, control.clock.now()).await
}

pub(super) async fn run(control: &Control, job: &Job) -> Ended {
    let email = address(control, &job.payload.0).map_err(|error| Failure::Final(error.to_string()))?;
    control.send_reset(&email).await?;
    Ok(Outcome::Done)
}

fn address(control: &Control, payload: &Value) -> Result<String> {
    let sealed = STANDARD
        .decode(payload.as_str().unwrap_or_default())
        .map_err(|cause| Error::internal("the address of a forgotten password is damaged", cause))?;
    let email = control.keyring.open(PURPOSE, &sealed)?;
    String::from_utf8(email).map_err(|cause| Error::internal("the address of a forgotten password is damaged", cause))
}
