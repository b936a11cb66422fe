//! A shop is opened, changed and closed by the platform.
//!
//! Opening migrates the application's database and writes the store's row; whoever writes it first
//! has opened the shop, every later call finds it open and brings the settings up to date. To change
//! the schema, add a file of the same name to `migrations/sqlite` and `migrations/postgres`: the
//! platform calls again for every application when a new release is rolled out.

mod config;
mod record;
mod sample;

use mintreu_kit::{Database, Delete, Lifecycle, Problem, Provision, Provisioned, Removed, Update, Updated, now};

use self::config::Settings;
use crate::store;

pub(crate) struct Shop;

impl Lifecycle for Shop {
    async fn provision(&self, call: Provision) -> Result<Provisioned, Problem> {
        let settings = Settings::parse(call.config)?;
        let database = call
            .database
            .ok_or_else(|| Problem::field("database", "required", "This service needs a database: register it with `dedicated`."))?;
        record::migrate(&database).await.map_err(|error| Problem::internal(&error))?;
        let mut tx = database.begin().await?;
        let created = record::open(&mut tx, &call.identity, now()).await?;
        let store = store::find(&mut tx).await?.ok_or_else(|| Problem::internal(&"the store's row is missing"))?;
        if store.application != call.identity.application || store.tenant != call.identity.tenant {
            return Err(differs());
        }
        // The row is written as if samples were off, so that they are added once, when first wanted.
        let wanted = settings.sample_products.unwrap_or(created || store.sample_products);
        let settings = Settings { sample_products: Some(wanted), ..settings };
        record::apply(&mut tx, &store, settings, now()).await?;
        tx.commit().await?;
        Ok(if created { Provisioned::Created } else { Provisioned::Existing })
    }

    async fn update(&self, call: Update) -> Result<Updated, Problem> {
        // The plan is not the shop's business: limits are kept by the platform.
        let Some(config) = call.config else { return Ok(Updated::Done) };
        let settings = Settings::parse(config)?;
        let database =
            call.database.ok_or_else(|| Problem::field("database", "required", "The call names no database to keep the settings in."))?;
        let mut tx = open_shop(&database, &call.identity.application)
            .await?
            .ok_or_else(|| Problem::new(http::StatusCode::NOT_FOUND, "application_unknown", "There is no such application here."))?;
        let store = store::find(&mut tx).await?.ok_or_else(|| Problem::internal(&"the store's row is missing"))?;
        record::apply(&mut tx, &store, settings, now()).await?;
        tx.commit().await?;
        Ok(Updated::Done)
    }

    async fn delete(&self, call: Delete) -> Result<Removed, Problem> {
        // Without a database there is nothing that this service holds.
        let Some(database) = call.database else { return Ok(Removed::Gone) };
        if !database.is_there().await? {
            return Ok(Removed::Gone);
        }
        let Some(mut tx) = open_shop(&database, &call.identity.application).await? else {
            return Ok(Removed::Gone);
        };
        record::drop_tables(&mut tx).await?;
        tx.commit().await?;
        Ok(Removed::Done)
    }
}

/// A transaction on the shop in this database; `None` when it was never opened or is closed.
async fn open_shop(database: &Database, application: &str) -> Result<Option<mintreu_kit::Tx>, Problem> {
    if !database.has_table("store").await? {
        return Ok(None);
    }
    let mut tx = database.begin().await?;
    match store::find(&mut tx).await? {
        Some(store) if store.application != application => Err(differs()),
        Some(_) => Ok(Some(tx)),
        None => Ok(None),
    }
}

fn differs() -> Problem {
    Problem::conflict("application_differs", "This database belongs to another application.")
}
