//! What an application is made of besides rows: its database, and its life in the service. The
//! row of a database is written before the database is made and removed after it is dropped, so
//! that nothing is ever orphaned. To add an engine, add a file beside `sqlite.rs` and an arm here.

mod examine;
mod identity;
pub(crate) mod lifecycle;
mod postgres;
mod sqlite;
pub(crate) mod steps;

pub use examine::{Master, check_app_database_url, examine_app_database_url};
use mintreu_model::id::ApplicationId;
use reqwest::Url;

use crate::{
    Config, Control, Error, Result,
    application::work::{self, DatabaseRow},
};

/// What addresses of databases are sealed for.
pub(crate) const URL_PURPOSE: &str = "application-database";

const SQLITE: &str = "sqlite";
const POSTGRES: &str = "postgres";

/// Where application databases are made.
#[derive(Debug)]
pub(crate) struct Databases {
    /// None: files.
    server: Option<postgres::Server>,
}

impl Databases {
    pub(crate) fn new(config: &Config) -> Self {
        Self { server: config.app_database_url.as_deref().map(postgres::Server::new) }
    }

    fn server(&self) -> Result<&postgres::Server> {
        self.server
            .as_ref()
            .ok_or_else(|| Error::internal("an application's database cannot be reached", "MINTREU_APP_DATABASE_URL is no longer set"))
    }
}

impl Control {
    /// Makes the application's database, or completes what was begun; gives its engine.
    pub(crate) async fn make_database(&self, id: ApplicationId) -> Result<&'static str> {
        let row = match work::any_database(&self.db, id).await? {
            Some(row) => row,
            None => self.plan_database(id).await?,
        };
        let engine = if row.engine == SQLITE {
            let (folder, name) = (self.config.data_dir.clone(), row.name);
            blocking(move || sqlite::create(&folder, &name)).await?;
            SQLITE
        } else {
            let url = self.open_url(&row.url_sealed)?;
            let password = Url::parse(&url).ok().and_then(|url| url.password().map(str::to_owned)).unwrap_or_default();
            self.databases.server()?.create(&self.db, &row.name, &password).await?;
            POSTGRES
        };
        let mut tx = self.db.begin().await?;
        work::any_database_ready(&mut tx, id, self.clock.now()).await?;
        tx.changed(crate::store::Change::Application(id), self.clock.now()).await?;
        tx.commit().await?;
        Ok(engine)
    }

    /// Writes down what will be made.
    async fn plan_database(&self, id: ApplicationId) -> Result<DatabaseRow> {
        let name = id.to_string();
        let (engine, url) = match &self.databases.server {
            // Hexadecimal: safe in a statement and in an address.
            Some(server) => (POSTGRES, server.address(&name, &hex::encode(self.random.bytes::<24>()))?),
            None => (SQLITE, sqlite::url(&self.config.data_dir, &name)?),
        };
        let sealed = self.keyring.seal(&self.random, URL_PURPOSE, url.as_bytes())?;
        let mut tx = self.db.begin().await?;
        work::any_insert_database(&mut tx, id, engine, &name, &sealed, self.clock.now()).await?;
        tx.commit().await?;
        work::any_database(&self.db, id).await?.ok_or(Error::NotFound("database"))
    }

    /// Drops the application's database, where it has one.
    pub(crate) async fn drop_database(&self, id: ApplicationId) -> Result<()> {
        let Some(row) = work::any_database(&self.db, id).await? else { return Ok(()) };
        if row.engine == SQLITE {
            let folder = self.config.data_dir.clone();
            blocking(move || sqlite::remove(&folder, &row.name)).await?;
        } else {
            self.databases.server()?.remove(&row.name).await?;
        }
        let mut tx = self.db.begin().await?;
        work::any_remove_database(&mut tx, id).await?;
        tx.commit().await
    }

    /// The address of the application's database, once it is made.
    pub(crate) async fn database_url(&self, id: ApplicationId) -> Result<Option<String>> {
        match work::any_database(&self.db, id).await? {
            Some(row) if row.ready_at.is_some() => self.open_url(&row.url_sealed).map(Some),
            _ => Ok(None),
        }
    }

    fn open_url(&self, sealed: &[u8]) -> Result<String> {
        let plain = self.keyring.open(URL_PURPOSE, sealed)?;
        String::from_utf8(plain).map_err(|cause| Error::internal("the address of a database is damaged", cause))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal("a file operation was cut off", cause))?
}
