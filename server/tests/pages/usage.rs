//! What the back office shows of usage and of the gateway.

use mintreu_control::usage::Refused;
use mintreu_control_testing::on_sqlite;

use crate::world::{Caller, world};

#[tokio::test]
async fn refusals_are_on_the_page_of_their_application_and_the_gateway_on_its_own() {
    on_sqlite(async |bench| {
        let world = world(&bench).await;
        let (owner, admin) = (world.cookie(Caller::Owner), world.cookie(Caller::Admin));
        let page = world.fill("/t/{tenant}/applications/{application}/usage");
        assert!(world.site.open(&page, owner).await.text.contains("Nothing was refused"));
        let application = world.fill("{application_id}").parse().unwrap();
        bench.note_refusals(&[Refused { application_id: application, code: "quota_exhausted", calls: 1_234 }]).await.unwrap();
        let text = world.site.open(&page, owner).await.text;
        assert!(text.contains("/docs/errors#quota_exhausted") && text.contains("1,234"), "{text}");
        let text = world.site.open("/admin/gateway", admin).await.text;
        assert!(
            ["Calls in flight", "Usage journal", "Free disk", "orders-service", "One gateway"].iter().all(|part| text.contains(part)),
            "{text}"
        );
        for by in ["tenant", "product", "status"] {
            let file = world.site.open(&format!("/admin/usage.csv?by={by}"), admin).await;
            assert!(file.text.starts_with(&format!("{by},requests,errors")), "{}", file.text);
            assert_eq!(world.site.open(&format!("/admin/usage?by={by}"), admin).await.status, 200);
        }
        assert_eq!(world.site.open("/admin/usage.csv", owner).await.status, 404);
    })
    .await;
}
