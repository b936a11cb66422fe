//! The health of services, as operators see it before anything is sold on them.

use std::sync::atomic::Ordering;

use mintreu_faults::{
    echo::Echo,
    platform::{Platform, eventually},
};
use reqwest::Client;
use serde_json::json;

use crate::PROGRAM;

#[tokio::test]
async fn operators_see_how_each_address_of_a_service_is() {
    let platform = Platform::start(PROGRAM, false).await;
    let echo = Echo::start();
    let dead = format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let service = json!({"slug": "echo-service", "name": "Echo", "base_urls": [echo.url, dead], "health_path": "/healthz",
        "routes": [{"methods": ["GET"], "path": "/v1/echo"}],
        "upstream": {"health_interval_ms": 1_000, "unhealthy_after": 1, "healthy_after": 1}});
    platform.admin.post("/admin/services", service).await.expect(201);
    let states = async || {
        let health = platform.admin.get("/admin/services/echo-service/health").await.expect(200);
        health["data"].as_array().unwrap().iter().map(|address| address["state"].to_string()).collect::<Vec<_>>().join(" ")
    };
    eventually("one is well", async || states().await == r#""healthy" "unhealthy""#).await;
    let health = platform.admin.get("/admin/services/echo-service/health").await.expect(200);
    assert!(health["data"][1]["last_error"].as_str().is_some_and(|text| text.contains("refused")), "{health}");
    let metrics = Client::new().get(format!("{}/metrics", platform.place.url)).send().await.unwrap().text().await.unwrap();
    let series = format!("mintreu_gateway_address_state{{service=\"echo-service\",address=\"{dead}\",state=\"unhealthy\"}} 1");
    assert!(metrics.contains(&series), "{metrics}");
    echo.away.store(true, Ordering::SeqCst);
    eventually("none is well", async || states().await == r#""unhealthy" "unhealthy""#).await;
    echo.away.store(false, Ordering::SeqCst);
    eventually("it is back", async || states().await.starts_with(r#""healthy""#)).await;
}
