//! Tenants whose grace is over: first their applications are deleted, then the tenant.

use serde_json::Value;

use super::kind;
use crate::{Control, Result, application};

pub(super) async fn run(control: &Control) -> Result<()> {
    for tenant in control.tenants_due_for_removal().await? {
        let now = control.clock.now();
        let mut tx = control.db.begin().await?;
        for id in application::store::condemn_all(&mut tx, tenant, now).await? {
            control.enqueue(&mut tx, kind::DELETE, &id.to_string(), &Value::Null, now).await?;
        }
        tx.commit().await?;
        control.remove_tenant(tenant).await?;
    }
    Ok(())
}
