//! The throw-away server itself: databases are separate, and nothing is left behind.

use mintreu_testing::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};

#[tokio::test]
async fn every_created_database_is_empty_and_its_own() {
    let server = Postgres::shared();
    let first = server.create_database("A hint; with \"odd\" marks").await;
    let second = server.create_database("A hint; with \"odd\" marks").await;
    assert_ne!(first, second);
    let mut one = PgConnection::connect(&first).await.expect("the first database is there");
    one.execute("CREATE TABLE t (id bigint)").await.expect("a table fits");
    let mut two = PgConnection::connect(&second).await.expect("the second database is there");
    assert!(two.execute("SELECT * FROM t").await.is_err());
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let server = Postgres::start().expect("PostgreSQL is installed");
    let url = server.url().to_owned();
    PgConnection::connect(&url).await.expect("it answers while it lives");
    drop(server);
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn a_server_of_somebody_else_is_used_as_named() {
    let own = Postgres::shared();
    let borrowed = Postgres::at(own.url());
    let database = borrowed.create_database("borrowed").await;
    PgConnection::connect(&database).await.expect("the database is there");
    drop(borrowed);
    PgConnection::connect(&database).await.expect("dropping the borrower stops nothing");
}
