//! Applications whose grace is over: deleted by their tenant, or left by a subscription that
//! ended. Each gets its own job.

use serde_json::Value;

use super::kind;
use crate::{Control, Result, application};

pub(super) async fn run(control: &Control) -> Result<()> {
    let now = control.clock.now();
    for id in application::store::any_due_for_deletion(&control.db, now).await? {
        let mut tx = control.db.begin().await?;
        control.enqueue(&mut tx, kind::DELETE, &id.to_string(), &Value::Null, now).await?;
        tx.commit().await?;
    }
    Ok(())
}
