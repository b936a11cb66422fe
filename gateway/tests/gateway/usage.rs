//! Usage reaches the control plane, whole and once.

use std::sync::atomic::Ordering;

use crate::support::{Service, World};

#[test]
fn a_record_says_what_happened() {
    let service = Service::fixed("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello");
    let world = World::with(
        &service,
        |_| {},
        |policy| {
            policy.routes = crate::support::world::routes(r#"[{"methods":["POST"],"path":"/v1/orders/{id}"}]"#);
        },
    );
    world.call_with("POST", "/products/shop/v1/orders/7", &world.key.basic(), "abc");
    let record = world.usage_of(1).remove(0);
    assert_eq!(&*record.route, "/v1/orders/{id}");
    assert_eq!((record.status, record.billed), (201, true));
    assert_eq!((record.bytes_in, record.bytes_out), (3, 5));
    assert_eq!(record.at, *world.plane.now.lock().unwrap());
    assert!(record.latency_us > 0);
}

#[test]
fn a_segment_is_offered_under_one_id_until_it_is_accepted() {
    let service = Service::plain();
    let world = World::new(&service);
    world.plane.refuse_usage.store(3, Ordering::SeqCst);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    let _ = world.usage_of(1);
    world.usage();
    world.usage();
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.usage();
    world.usage();
    assert_eq!(world.usage_of(2).len(), 2);
    let segments = world.plane.segments.lock().unwrap();
    let mut offered: Vec<_> = segments.values().map(|(offered, records)| (records.len(), *offered)).collect();
    offered.sort_unstable();
    assert_eq!(offered, [(1, 1), (1, 4)]);
    assert_eq!(world.gateway.snapshot().usage_backlog, 0);
}

#[test]
fn calls_are_refused_rather_than_forgotten_when_too_much_usage_waits() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.usage_backlog = 2, |_| {});
    for _ in 0..2 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    crate::support::eventually("records", || world.gateway.snapshot().usage_backlog == 2);
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
    world.usage_of(2);
    assert_eq!(world.get("/products/shop/v1").status, 200);
}
