//! An application's database on the `PostgreSQL` server of the master connection: a database and a
//! role of the same name that may connect to it and to nothing else. Every statement may be
//! repeated, so that a crash between any two of them is healed by running them again.
//!
//! The master's role needs CREATEDB and CREATEROLE. Closing the databases that were there before
//! (`postgres`, `template1`) needs their owner, and is reported where it cannot be done.

use std::str::FromStr;

use reqwest::Url;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

use crate::{
    Error, Result,
    store::{Db, Pool},
};

/// Connections that a service may hold to one application's database.
const CONNECTIONS: u32 = 20;

/// What of the query of the master's address a service gets too, under the name that every driver
/// knows.
fn shared(name: &str) -> Option<&'static str> {
    match name {
        "sslmode" | "ssl-mode" => Some("sslmode"),
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" => Some("sslrootcert"),
        _ => None,
    }
}

/// What a query may not hold: an address made from it would not do what it says.
const ELSEWHERE: [&str; 6] = ["user", "password", "host", "hostaddr", "port", "dbname"];

/// Times that a statement may meet another session's.
const COLLISIONS: u32 = 20;

/// Serialises changes of the server's shared catalogues between replicas. Any number that is ours.
const LOCK: i64 = 0x6d69_6e74_7265_7501;

#[derive(Debug)]
pub(super) struct Server {
    url: String,
    isolated: OnceCell<()>,
}

pub(super) fn failed(cause: sqlx::Error) -> Error {
    match Error::from(cause) {
        Error::Internal { cause, .. } => Error::internal("the server of the application databases refused", cause),
        away => away,
    }
}

fn unusable() -> Error {
    let advice = "write user, password, host, port and database before the question mark, as in \
                  postgres://user:password@host:5432/database?sslmode=require";
    Error::internal("MINTREU_APP_DATABASE_URL cannot be used", advice)
}

/// A name in quotes. Names of ours are made of ids; those that were there before may hold anything.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Server {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), isolated: OnceCell::new() }
    }

    /// The address of the database `name` for its own role.
    pub(super) fn address(&self, name: &str, password: &str) -> Result<String> {
        let mut url = self.checked()?;
        let shared: Vec<_> = url.query_pairs().filter_map(|(name, value)| Some((shared(&name)?, value.into_owned()))).collect();
        url.set_query(None);
        url.set_fragment(None);
        if !shared.is_empty() {
            url.query_pairs_mut().extend_pairs(shared);
        }
        url.set_username(name).and_then(|()| url.set_password(Some(password))).map_err(|()| unusable())?;
        url.set_path(name);
        Ok(url.into())
    }

    /// The master's address, where addresses for services can be made from it.
    fn checked(&self) -> Result<Url> {
        let url = Url::parse(&self.url).map_err(|_| unusable())?;
        let readable = ["postgres", "postgresql"].contains(&url.scheme()) && PgConnectOptions::from_str(&self.url).is_ok();
        if !readable || url.host_str().is_none_or(str::is_empty) || url.query_pairs().any(|(name, _)| ELSEWHERE.contains(&&*name)) {
            return Err(unusable());
        }
        Ok(url)
    }

    /// Logging of statements is off: they hold passwords.
    pub(super) async fn connect(&self, database: Option<&str>) -> Result<PgConnection> {
        self.checked()?;
        let mut options = PgConnectOptions::from_str(&self.url).map_err(failed)?.application_name("mintreu").disable_statement_logging();
        if let Some(database) = database {
            options = options.database(database);
        }
        PgConnection::connect_with(&options).await.map_err(failed)
    }

    /// Makes role and database, or completes what was begun.
    pub(super) async fn create(&self, platform: &Db, name: &str, password: &str) -> Result<()> {
        self.ensure_isolated(platform).await?;
        let id = quoted(name);
        let secret = password.replace('\'', "''");
        let mut master = self.connect(None).await?;
        let role: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)")
            .bind(name)
            .fetch_one(&mut master)
            .await
            .map_err(failed)?;
        let role = if role {
            format!("ALTER ROLE {id} LOGIN CONNECTION LIMIT {CONNECTIONS} PASSWORD '{secret}'")
        } else {
            format!(
                "CREATE ROLE {id} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS
                 CONNECTION LIMIT {CONNECTIONS} PASSWORD '{secret}'"
            )
        };
        run(&mut master, &role).await?;
        let database: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
            .bind(name)
            .fetch_one(&mut master)
            .await
            .map_err(failed)?;
        if !database {
            // Closed until nobody but its role can connect.
            run(&mut master, &format!("CREATE DATABASE {id} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false")).await?;
        }
        run(&mut master, &format!("REVOKE ALL ON DATABASE {id} FROM PUBLIC")).await?;
        run(&mut master, &format!("GRANT CONNECT, TEMPORARY ON DATABASE {id} TO {id}")).await?;
        run(&mut master, &format!("ALTER DATABASE {id} ALLOW_CONNECTIONS true CONNECTION LIMIT {CONNECTIONS}")).await?;
        master.close().await.map_err(failed)?;
        let mut inside = self.connect(Some(name)).await?;
        run(&mut inside, "REVOKE ALL ON SCHEMA public FROM PUBLIC").await?;
        run(&mut inside, &format!("GRANT USAGE, CREATE ON SCHEMA public TO {id}")).await?;
        inside.close().await.map_err(failed)
    }

    /// Drops database and role, whoever is connected. What is not there is gone already.
    pub(super) async fn remove(&self, name: &str) -> Result<()> {
        let id = quoted(name);
        let mut master = self.connect(None).await?;
        let role: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)")
            .bind(name)
            .fetch_one(&mut master)
            .await
            .map_err(failed)?;
        if role {
            // A master that is no superuser may end the role's connections only as a member of it.
            let _ = run(&mut master, &format!("GRANT {id} TO CURRENT_USER")).await;
        }
        run(&mut master, &format!("DROP DATABASE IF EXISTS {id} WITH (FORCE)")).await?;
        run(&mut master, &format!("DROP ROLE IF EXISTS {id}")).await?;
        master.close().await.map_err(failed)
    }

    /// Closes what `PostgreSQL` opens to every role: the platform's database and the server's own.
    async fn ensure_isolated(&self, platform: &Db) -> Result<()> {
        self.isolated.get_or_try_init(|| self.isolate(platform)).await.copied()
    }

    async fn isolate(&self, platform: &Db) -> Result<()> {
        let mut master = self.connect(None).await?;
        // Released with the connection.
        sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut master).await.map_err(failed)?;
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT CAST(datname AS text) FROM pg_database WHERE datname IN (current_database(), 'postgres', 'template1')",
        )
        .fetch_all(&mut master)
        .await
        .map_err(failed)?;
        for name in names {
            if !close(&mut master, &name).await? {
                let id = quoted(&name);
                tracing::warn!("applications can connect to {id}; as its owner, run: REVOKE CONNECT ON DATABASE {id} FROM PUBLIC");
            }
        }
        if let Pool::Postgres(pool) = &platform.pool {
            let mut connection = pool.acquire().await.map_err(failed)?;
            let name: String =
                sqlx::query_scalar("SELECT CAST(current_database() AS text)").fetch_one(&mut *connection).await.map_err(failed)?;
            if !close(&mut connection, &name).await? {
                let id = quoted(&name);
                let advice = format!("as its owner, run: REVOKE CONNECT ON DATABASE {id} FROM PUBLIC");
                return Err(Error::internal("applications could connect to the platform's database", advice));
            }
        }
        master.close().await.map_err(failed)
    }
}

/// Takes the right to connect from everybody but the connected role; whether it worked.
async fn close(connection: &mut PgConnection, name: &str) -> Result<bool> {
    if !is_open(connection, name).await? {
        return Ok(true);
    }
    let id = quoted(name);
    for statement in [
        format!("GRANT CONNECT, TEMPORARY ON DATABASE {id} TO CURRENT_USER"),
        format!("REVOKE CONNECT, TEMPORARY ON DATABASE {id} FROM PUBLIC"),
    ] {
        if let Err(error) = run(connection, &statement).await {
            tracing::debug!(%error, name, "a database could not be closed");
            return Ok(false);
        }
    }
    Ok(!is_open(connection, name).await?)
}

async fn is_open(connection: &mut PgConnection, name: &str) -> Result<bool> {
    sqlx::query_scalar("SELECT has_database_privilege('public', $1, 'CONNECT')").bind(name).fetch_one(connection).await.map_err(failed)
}

async fn run(connection: &mut PgConnection, statement: &str) -> Result<()> {
    let mut collisions = 0;
    loop {
        match connection.execute(statement).await {
            // Two sessions changed one row of a shared catalogue: the statement did nothing.
            Err(error) if collisions < COLLISIONS && is_collision(&error) => collisions += 1,
            done => return done.map(drop).map_err(failed),
        }
    }
}

fn is_collision(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().contains("tuple concurrently"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_get_nothing_of_the_master_but_how_to_reach_the_server() {
        let server = Server::new(
            "postgres://master:secret@db:5433/postgres?ssl-mode=verify-full&sslkey=/k.pem&sslrootcert=/ca.pem&options=-c%20a%3Db#x",
        );
        let address = server.address("app-1", "word").ok();
        assert_eq!(address.as_deref(), Some("postgres://app-1:word@db:5433/app-1?sslmode=verify-full&sslrootcert=%2Fca.pem"));
        let address = Server::new("postgres://master@db/postgres?application_name=x").address("app-1", "word").ok();
        assert_eq!(address.as_deref(), Some("postgres://app-1:word@db/app-1"));
    }

    #[test]
    fn an_address_that_cannot_be_read_is_refused_and_not_repeated() {
        for url in [
            "postgres",
            "postgres:",
            "postgresfoo://m:secret@db/x",
            "postgres:///x",
            "postgres://m:secret@db:70000/x",
            "mysql://m:secret@db/x",
        ] {
            let error = Server::new(url).address("app-1", "word").err();
            let text = error.map(|error| format!("{error} {error:?}")).unwrap_or_default();
            assert!(text.contains("before the question mark") && !text.contains("secret"), "{url}: {text}");
        }
        assert!(Server::new("postgres://m:secret@db/x?sslmode=perhaps").address("app-1", "word").is_err());
    }

    #[test]
    fn an_address_with_the_master_in_its_query_is_refused_and_not_repeated() {
        for query in ["user=m", "password=secret", "host=elsewhere", "dbname=x", "sslmode=require&port=1"] {
            let error = Server::new(&format!("postgres://db/postgres?{query}")).address("app-1", "word").err();
            let text = error.map(|error| format!("{error} {error:?}")).unwrap_or_default();
            assert!(text.contains("before the question mark") && !text.contains("secret"), "{query}: {text}");
        }
    }
}
