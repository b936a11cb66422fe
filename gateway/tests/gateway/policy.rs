//! Changes of the control plane: they bite at once, and a load under way cannot undo them
//! (point 16).

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use mintreu_gateway::{ApplicationStatus, Change};
use uuid::Uuid;

use crate::support::{Service, World, eventually};

#[test]
fn every_kind_of_change_drops_the_grant_it_touches_and_no_other() {
    let service = Service::plain();
    let world = World::new(&service);
    let (ours, other) = (Uuid::from_u128(1), Uuid::from_u128(77));
    let changes = |id: Uuid| {
        [
            Change::Key(id.into()),
            Change::Application(id.into()),
            Change::Subscription(id.into()),
            Change::Tenant(id.into()),
            Change::Product(id.into()),
        ]
    };
    let asked = || world.plane.asked.load(Ordering::SeqCst);
    world.get("/products/shop/v1");
    for change in changes(other) {
        world.gateway.invalidate(&change);
        world.get("/products/shop/v1");
        assert_eq!(asked(), 1, "{change:?}");
    }
    for (count, change) in changes(ours).into_iter().chain([Change::Everything]).enumerate() {
        world.gateway.invalidate(&change);
        world.get("/products/shop/v1");
        assert_eq!(asked(), count + 2, "{change:?}");
    }
}

#[test]
fn a_revoked_key_is_refused_within_half_a_second_on_a_busy_connection() {
    let service = Service::plain();
    let world = World::new(&service);
    let mut client = world.client();
    let request = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    for _ in 0..20 {
        assert_eq!(client.send(&request).receive().status, 200);
    }
    world.plane.grants.lock().unwrap().clear();
    let revoked = Instant::now();
    world.gateway.invalidate(&Change::Key(Uuid::from_u128(1).into()));
    client.send(&request).receive().is_problem(401, "credentials_invalid", "client");
    assert!(revoked.elapsed() < Duration::from_millis(500));
}

#[test]
fn a_key_made_after_it_was_tried_works_at_once() {
    let service = Service::plain();
    let world = World::new(&service);
    let key = crate::support::Key::number(5);
    let call = || world.call_with("GET", "/products/shop/v1", &key.basic(), "").status;
    assert_eq!(call(), 401);
    world.issue(&key, |_| {});
    world.gateway.invalidate(&Change::Key(Uuid::from_u128(1).into()));
    assert_eq!(call(), 200);
}

#[test]
fn a_load_that_crosses_a_change_leaves_nothing_stale() {
    let service = Service::plain();
    let world = World::new(&service);
    let plane = &world.plane;
    // The question has read the old grant and waits on its way back.
    let held = plane.gate.forget_permits(1_000);
    thread::scope(|scope| {
        let early = scope.spawn(|| world.get("/products/shop/v1").status);
        eventually("the load", || plane.asked.load(Ordering::SeqCst) == 1);
        world.issue(&world.key, |grant| grant.application_status = ApplicationStatus::Suspended);
        world.gateway.invalidate(&Change::Application(Uuid::from_u128(1).into()));
        let late = scope.spawn(|| world.get("/products/shop/v1").status);
        eventually("a load of its own", || plane.asked.load(Ordering::SeqCst) == 2);
        plane.gate.add_permits(held);
        assert_eq!(early.join().unwrap(), 200);
        assert_eq!(late.join().unwrap(), 403);
    });
    world.get("/products/shop/v1").is_problem(403, "application_suspended", "client");
}

#[test]
fn many_calls_of_a_new_key_ask_once() {
    let service = Service::plain();
    let world = World::new(&service);
    let held = world.plane.gate.forget_permits(1_000);
    thread::scope(|scope| {
        let calls: Vec<_> = (0..10).map(|_| scope.spawn(|| world.get("/products/shop/v1").status)).collect();
        eventually("the load", || world.plane.asked.load(Ordering::SeqCst) == 1);
        world.plane.gate.add_permits(held);
        assert!(calls.into_iter().all(|call| call.join().unwrap() == 200));
    });
    assert_eq!(world.plane.asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_caller_that_leaves_during_the_load_leaves_it_to_the_others() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.workers = 1, |_| {});
    let held = world.plane.gate.forget_permits(1_000);
    let request = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    let mut first = world.client();
    first.send(&request);
    eventually("the load", || world.plane.asked.load(Ordering::SeqCst) == 1);
    let mut second = world.client();
    second.send(&request);
    first.leave();
    world.plane.gate.add_permits(held);
    assert_eq!(second.receive().status, 200);
}

#[test]
fn a_new_catalogue_is_served_at_once() {
    let service = Service::plain();
    let world = World::new(&service);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.publish(|policy| policy.routes.clear());
    world.get("/products/shop/v1").is_problem(404, "route_unknown", "client");
}

#[test]
fn a_period_that_the_control_plane_has_not_ended_yet_is_not_asked_for_by_every_call() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.quota.period_end = grant.quota.period_start);
    let began = Instant::now();
    for _ in 0..50 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    let asked = u64::try_from(world.plane.asked.load(Ordering::SeqCst)).unwrap();
    assert!(asked <= 1 + began.elapsed().as_secs() + 1, "{asked}");
}
