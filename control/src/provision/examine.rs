//! What the server of the application databases lets the platform do, for who sets it up.

use sqlx::{Connection, FromRow, PgConnection};

use super::postgres::{Server, failed};
use crate::Result;

/// The role of the master connection on its server.
#[derive(Debug, FromRow)]
pub struct Master {
    pub role: String,
    /// Of the server.
    pub version: String,
    pub creates_databases: bool,
    pub creates_roles: bool,
}

/// Refuses an address that application databases cannot be made from.
pub fn check_app_database_url(url: &str) -> Result<()> {
    Server::new(url).address("application", "password").map(drop)
}

/// Connects to the server and looks what its role may do.
pub async fn examine_app_database_url(url: &str) -> Result<Master> {
    let mut connection: PgConnection = Server::new(url).connect(None).await?;
    let master = sqlx::query_as(
        "SELECT CAST(current_user AS text) AS role, current_setting('server_version') AS version,
            (rolsuper OR rolcreatedb) AS creates_databases, (rolsuper OR rolcreaterole) AS creates_roles
         FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(master)
}
