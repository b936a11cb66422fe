//! Lists: all rows, once each, page by page.

use serde_json::{Value, json};

use crate::world::{text, world};
use mintreu_control_testing::on_both;

#[tokio::test]
async fn following_the_cursor_gives_every_row_once_whatever_comes_meanwhile() {
    on_both(async |bench| {
        let world = world(&bench).await;
        let ines = world.person("ines").await;
        for number in 0..7 {
            world.tenant(&ines, &format!("Tenant {number}")).await;
        }
        for path in ["/tenants", "/admin/tenants"] {
            let token = if path == "/tenants" { &ines } else { &world.admin };
            let all = world.api.get(&format!("{path}?limit=100"), token).await.expect(200);
            let id = |row: &Value| text(row.get("id").unwrap_or(&row["tenant"]["id"]));
            let there: Vec<_> = all["data"].as_array().unwrap().iter().map(id).collect();
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            for number in 0.. {
                let page = world.api.get(&format!("{path}?limit=3{cursor}"), token).await.expect(200);
                let rows = page["data"].as_array().unwrap();
                assert!(rows.len() <= 3);
                seen.extend(rows.iter().map(id));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
                if number < 2 {
                    world.tenant(&ines, ["A tenant that comes first", "Zero"][number]).await;
                }
            }
            let mut unique = seen.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(seen.len(), unique.len(), "{path}");
            assert!(there.len() >= 7 && there.iter().all(|id| seen.contains(id)), "{path}");
        }
        let found = world.api.get("/admin/tenants?q=tenant%205", &world.admin).await.expect(200);
        assert_eq!((found["total"].as_i64(), &found["data"][0]["tenant"]["name"]), (Some(1), &json!("Tenant 5")));
        let many = world.api.get("/admin/audit?limit=100000", &world.admin).await.expect(200);
        assert!(many["data"].as_array().unwrap().len() <= 100);
    })
    .await;
}
