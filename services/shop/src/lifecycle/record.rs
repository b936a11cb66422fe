//! The SQL of a shop's life: its schema and the row of its settings.

use chrono::{DateTime, Utc};
use mintreu_kit::{Database, Identity, Problem, Tx, within};
use sqlx::migrate::{MigrateError, Migrator};

use super::config::Settings;
use super::sample;
use crate::store::Record;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// The defaults of `config.schema.json`; the name has none there.
const NAME: &str = "My store";
const CURRENCY: &str = "EUR";
const ACCENT: &str = "#3b5bdb";

/// Brings the schema up to date.
pub(super) async fn migrate(database: &Database) -> Result<(), MigrateError> {
    match database {
        // The one writer: two calls for one application wait for each other here.
        Database::Sqlite(pools) => SQLITE.run(&pools.writer).await,
        Database::Postgres(pool) => POSTGRES.run(pool).await,
    }
}

/// Writes the store's row; `false` when it is there already.
pub(super) async fn open(tx: &mut Tx, identity: &Identity, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    const INSERT: &str = "INSERT INTO store \
        (id, application, tenant, name, currency, accent, sample_products, created_at, updated_at) \
        VALUES (1, $1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (id) DO NOTHING";
    let rows = within!(tx, c => {
        let query = sqlx::query(INSERT).bind(&identity.application).bind(&identity.tenant);
        let query = query.bind(NAME).bind(CURRENCY).bind(ACCENT).bind(false).bind(now);
        query.execute(c).await?.rows_affected()
    });
    Ok(rows == 1)
}

/// Takes over what the settings say.
pub(super) async fn apply(tx: &mut Tx, store: &Record, settings: Settings, now: DateTime<Utc>) -> Result<(), Problem> {
    const UPDATE: &str = "UPDATE store SET name = COALESCE($1, name), currency = COALESCE($2, currency), \
        accent = COALESCE($3, accent), sample_products = COALESCE($4, sample_products), updated_at = $5 \
        WHERE id = 1 RETURNING currency, order_sequence";
    let wanted = settings.sample_products;
    let (currency, orders): (String, i64) = within!(tx, c => {
        let query = sqlx::query_as(UPDATE).bind(settings.store_name).bind(settings.currency);
        query.bind(settings.accent).bind(wanted).bind(now).fetch_one(c).await
    })?;
    // The update holds the row that every new order needs first: no order slips in between.
    if currency != store.currency && orders > 0 {
        let says = format!("There are orders in {} already: the currency stays.", store.currency);
        return Err(Problem::field("config.currency", "taken", says));
    }
    if wanted == Some(true) && !store.sample_products {
        sample::insert(tx, &currency, now).await?;
    }
    Ok(())
}

/// Drops what the migrations made, and their record.
pub(super) async fn drop_tables(tx: &mut Tx) -> Result<(), sqlx::Error> {
    const TABLES: [&str; 8] = ["cart_items", "carts", "order_items", "orders", "customers", "products", "store", "_sqlx_migrations"];
    for table in TABLES {
        let sql = format!("DROP TABLE IF EXISTS {table}");
        within!(tx, c => {
            sqlx::query(&sql).execute(c).await?;
        });
    }
    Ok(())
}
