//! The server of the application databases, as who sets it up is told of it.

use mintreu_control::examine_app_database_url;
use mintreu_testing::Postgres;
use sqlx::{Connection, Executor, PgConnection};

#[tokio::test]
async fn it_says_whether_its_role_may_create_databases_and_roles() {
    let url = Postgres::shared().create_database("master").await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let may = |(databases, roles)| format!("{}CREATEDB {}CREATEROLE", if databases { "" } else { "NO" }, if roles { "" } else { "NO" });
    for (name, rights) in [("master_of_all", (true, true)), ("master_of_databases", (true, false)), ("master_of_none", (false, false))] {
        connection.execute(&*format!("CREATE ROLE {name} LOGIN PASSWORD 'word' {}", may(rights))).await.unwrap();
        let (scheme, place) = url.split_once("://").unwrap();
        let place = place.split_once('@').map_or(place, |(_, place)| place);
        let master = examine_app_database_url(&format!("{scheme}://{name}:word@{place}")).await.unwrap();
        assert_eq!((master.role.as_str(), master.creates_databases, master.creates_roles), (name, rights.0, rights.1));
        connection.execute(&*format!("DROP ROLE {name}")).await.unwrap();
    }
    assert!(examine_app_database_url("postgres://nobody@127.0.0.1:1/none").await.is_err());
}
