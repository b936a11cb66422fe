//! Lists: all rows, once each, page by page.

use serde_json::json;

use crate::world::{text, world};
use mintreu_control_testing::on_both;

#[tokio::test]
async fn following_the_cursor_gives_every_row_once() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let ines = world.person("ines").await;
        for number in 0..7 {
            world.tenant(&ines, &format!("Tenant {number}")).await;
        }
        for path in ["/tenants", "/admin/tenants"] {
            let token = if path == "/tenants" { &ines } else { &world.admin };
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = world.api.get(&format!("{path}?limit=3{cursor}"), token).await.expect(200);
                let rows = page["data"].as_array().unwrap();
                assert!(rows.len() <= 3);
                assert_eq!(page["total"], 7);
                seen.extend(rows.iter().map(|row| text(row.get("id").unwrap_or(&row["tenant"]["id"]))));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let mut unique = seen.clone();
            unique.sort();
            unique.dedup();
            assert_eq!((seen.len(), unique.len()), (7, 7), "{path}");
        }
        let found = world.api.get("/admin/tenants?q=tenant%205", &world.admin).await.expect(200);
        assert_eq!((found["total"].as_i64(), &found["data"][0]["tenant"]["name"]), (Some(1), &json!("Tenant 5")));
        let many = world.api.get("/admin/audit?limit=100000", &world.admin).await.expect(200);
        assert!(many["data"].as_array().unwrap().len() <= 100);
    })
    .await;
}
