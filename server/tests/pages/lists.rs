//! What lists offer besides their rows: the choice of columns, and the same list as a file.

use mintreu_control_testing::on_sqlite;

use crate::world::{Caller, world};

#[tokio::test]
async fn a_column_that_is_not_chosen_is_left_out_of_the_page_and_of_the_file() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let admin = world.cookie(Caller::Admin);
        let whole = world.site.open("/admin/tenants", admin).await.text;
        assert!(whole.contains("data-label=\"Owner\"") && whole.contains("data-label=\"Members\""));
        assert!(whole.contains("href=\"/admin/tenants.csv?\""), "the file is not offered");
        let chosen = "?q=fjord&cols=tenant&cols=owner";
        let page = world.site.open(&format!("/admin/tenants{chosen}"), admin).await.text;
        assert!(page.contains("data-label=\"Owner\"") && !page.contains("data-label=\"Members\""));
        assert!(page.contains(&format!("href=\"/admin/tenants.csv{}\"", chosen.replace('&', "&amp;"))), "the file forgets the state");
        let file = world.site.open(&format!("/admin/tenants.csv{chosen}"), admin).await;
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        let lines: Vec<&str> = file.text.lines().collect();
        assert_eq!(lines[0], "\"id\",\"name\",\"slug\",\"owner\"");
        assert_eq!(lines.len(), 2, "{}", file.text);
        assert!(lines[1].contains("Fjordline") && lines[1].ends_with("\"ines@people.test\""), "{}", lines[1]);
    })
    .await;
}

#[tokio::test]
async fn every_column_of_the_pages_has_its_figures_in_the_files() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let admin = world.cookie(Caller::Admin);
        for list in ["tenants", "users", "subscriptions", "applications", "jobs", "audit"] {
            let page = world.site.open(&format!("/admin/{list}"), admin).await.text;
            let boxes = page.split("name=\"cols\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
            let keys: Vec<&str> = boxes.collect();
            assert!(keys.len() > 3, "{list}: {keys:?}");
            let least = world.site.open(&format!("/admin/{list}.csv?cols={}", keys[0]), admin).await;
            let least = least.text.lines().next().unwrap().split(',').count();
            for key in &keys[1..] {
                let file = world.site.open(&format!("/admin/{list}.csv?cols={}&cols={key}", keys[0]), admin).await;
                let heading = file.text.lines().next().unwrap();
                assert!(heading.split(',').count() > least, "{list} {key}: {heading}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_holds_every_page_of_the_list_as_filtered_and_sorted_and_no_formula() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        bench
            .sql(
                "INSERT INTO jobs (id, kind, target, payload, status, run_at, created_at, attempts, last_error)
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
                 SELECT randomblob(16), 'prune', 'one-' || i, j.payload, 'dead', j.run_at, j.created_at, i, '=1+1'
                 FROM n, (SELECT * FROM jobs LIMIT 1) j",
            )
            .await;
        let file = world.site.open("/admin/jobs.csv?status=dead&sort=-attempts&limit=25&page=3", world.cookie(Caller::Admin)).await;
        let lines: Vec<&str> = file.text.lines().collect();
        assert_eq!(lines.len(), 251);
        assert!(lines[1].contains("\"one-250\"") && lines[250].contains("\"one-1\""));
        assert!(lines[1..].iter().all(|line| line.contains(",\"'=1+1\",")), "{}", lines[1]);
    })
    .await;
}
