//! Rates and quotas: exact, told to the client, and never lost with a grant.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use chrono::TimeDelta;
use mintreu_gateway::Change;
use mintreu_model::id::{ApiKeyId, ApplicationId};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{Client, Key, Service, World, eventually, service::After};

#[test]
fn a_quota_of_500_admits_exactly_500_of_many_connections() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.quota.included = 500);
    let request = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    let (admitted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let mut client = Client::connect(world.address);
                for _ in 0..20 {
                    let answer = client.send(&request).receive();
                    if answer.status == 200 {
                        admitted.fetch_add(1, Ordering::SeqCst);
                    } else {
                        answer.is_problem(429, "quota_exhausted", "client");
                        refused.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!((admitted.into_inner(), refused.into_inner()), (500, 500));
    assert_eq!(world.usage_of(500).iter().filter(|record| record.billed).count(), 500);
    let answer = world.get("/products/shop/v1");
    assert_eq!(answer.header("retry-after"), (20 * 86_400).to_string());
    assert_eq!(answer.header("ratelimit"), r#""quota";r=0;t=1728000"#);
    assert!(answer.header("ratelimit-policy").contains(r#""quota";q=500;w=2592000"#));
}

#[test]
fn all_keys_of_a_subscription_share_its_quota() {
    let service = Service::plain();
    let world = World::new(&service);
    let other = Key::number(2);
    world.issue(&world.key, |grant| grant.quota.included = 2);
    world.issue(&other, |grant| {
        grant.quota.included = 2;
        grant.key_id = ApiKeyId(Uuid::from_u128(2));
        grant.application_id = ApplicationId(Uuid::from_u128(2));
    });
    assert_eq!(world.get("/products/shop/v1").status, 200);
    assert_eq!(world.call_with("GET", "/products/shop/v1", &other.basic(), "").status, 200);
    world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
}

#[test]
fn what_was_admitted_is_not_forgotten_with_the_grant() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.quota.included = 3);
    for _ in 0..3 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
        // The control plane has not counted these calls yet.
        world.gateway.invalidate(&Change::Everything);
    }
    world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
    world.issue(&world.key, |grant| grant.quota.included = 4);
    world.gateway.invalidate(&Change::Subscription(Uuid::from_u128(1).into()));
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
}

#[test]
fn what_the_control_plane_has_counted_is_counted() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| {
        grant.quota.included = 10;
        grant.quota.used = 9;
    });
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
}

#[test]
fn a_failure_of_the_service_gives_its_unit_back_and_a_refused_call_takes_none() {
    let service = Service::start(|exchange| {
        let status = if exchange.seen.line.contains("bad") { "500 Oops" } else { "404 Not Found" };
        exchange.write(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        After::Keep
    });
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.quota.included = 2);
    for _ in 0..3 {
        assert_eq!(world.get("/products/shop/bad").status, 500);
        assert_eq!(world.get("/products/shop/../x").status, 400);
    }
    assert_eq!(world.get("/products/shop/v1").status, 404);
    assert_eq!(world.get("/products/shop/v1").header("ratelimit"), r#""quota";r=0;t=1728000"#);
    assert_eq!(world.get("/products/shop/bad").status, 429);
    let usage = world.usage_of(5);
    assert_eq!(usage.iter().filter(|record| record.billed).count(), 2);
}

#[test]
fn overage_goes_on_where_the_plan_sells_it() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| {
        grant.quota.included = 1;
        grant.quota.hard_stop = false;
    });
    for _ in 0..3 {
        let answer = world.get("/products/shop/v1");
        assert_eq!((answer.status, answer.header("ratelimit")), (200, r#""quota";r=0;t=1728000"#));
    }
}

#[test]
fn a_new_period_begins_when_the_clock_says_so() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.quota.included = 1);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    assert_eq!(world.get("/products/shop/v1").status, 429);
    world.advance(TimeDelta::days(20));
    // What the control plane says from now on; nobody tells the gateway.
    world.issue(&world.key, |grant| {
        grant.quota.included = 1;
        grant.quota.period_start += TimeDelta::days(10);
        grant.quota.period_end += TimeDelta::days(10);
    });
    assert_eq!(world.get("/products/shop/v1").status, 200);
    assert_eq!(world.get("/products/shop/v1").status, 429);
    let mut periods: Vec<_> = world.usage_of(2).iter().map(|record| record.quota_period_start).collect();
    periods.dedup();
    assert_eq!(periods.len(), 2);
}

#[test]
fn calls_beyond_the_rate_wait_and_take_no_quota() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| {
        grant.rate_per_second = 1;
        grant.burst = 2;
    });
    assert_eq!(world.get("/products/shop/v1").status, 200);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    // A reload of the grant is no way to a fresh burst.
    world.gateway.invalidate(&Change::Everything);
    let answer = world.get("/products/shop/v1");
    answer.is_problem(429, "rate_limited", "client");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("ratelimit"), r#""rate";r=0;t=1, "quota";r=999998;t=1728000"#);
    assert_eq!(world.usage_of(2).len(), 2);
}

/// A gateway that is one of several, with a quota of `included`.
fn one_of_several(service: &Service, included: u64) -> World {
    let world = World::with(service, |settings| settings.leased_quotas = true, |_| {});
    world.issue(&world.key, |grant| grant.quota.included = included);
    *world.plane.unleased.lock().unwrap() = included;
    world.flush();
    world
}

#[test]
fn two_replicas_admit_exactly_what_is_included_together() {
    let service = Service::plain();
    let one = one_of_several(&service, 500);
    let two = one.replica();
    two.flush();
    let request = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", one.key.basic());
    let admitted = AtomicUsize::new(0);
    thread::scope(|scope| {
        for lane in 0..40 {
            let (world, admitted, request) = (if lane % 2 == 0 { &one } else { &two }, &admitted, &request);
            scope.spawn(move || {
                let mut client = Client::connect(world.address);
                for _ in 0..40 {
                    let answer = client.send(request).receive();
                    if answer.status == 200 {
                        admitted.fetch_add(1, Ordering::SeqCst);
                    } else {
                        answer.is_problem(429, "quota_exhausted", "client");
                    }
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 500);
}

#[test]
fn a_lease_serves_while_the_store_is_away_and_ends_when_it_is_used_up() {
    let service = Service::plain();
    let world = one_of_several(&service, 40);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.plane.away.store(true, Ordering::SeqCst);
    // A quarter was leased.
    for _ in 0..9 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
    world.plane.away.store(false, Ordering::SeqCst);
    eventually("units again", || world.get("/products/shop/v1").status == 200);
}

#[test]
fn a_lease_whose_asker_left_is_there_for_the_next() {
    let service = Service::plain();
    let world = one_of_several(&service, 1);
    world.plane.lease_gate.forget_permits(1000);
    let mut leaving = world.client();
    leaving.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    eventually("the lease", || *world.plane.unleased.lock().unwrap() == 0);
    drop(leaving);
    eventually("the gateway knows", || world.gateway.snapshot().connections == 0);
    world.plane.lease_gate.add_permits(1000);
    eventually("an answer", || world.get("/products/shop/v1").status == 200);
    assert_eq!(world.get("/products/shop/v1").status, 429);
}

#[test]
fn a_failed_call_gives_its_leased_unit_back_and_a_process_that_ends_gives_back_all() {
    let service = Service::fixed("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    let world = one_of_several(&service, 40);
    for _ in 0..100 {
        assert_eq!(world.get("/products/shop/v1").status, 500);
    }
    world.hand_over();
    assert_eq!(*world.plane.unleased.lock().unwrap(), 40);
}

/// Lets the gateway look for what lies idle, in time of its own, until that holds.
fn tidy_until(world: &World, holds: impl Fn() -> bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let watching = async {
        while !holds() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    runtime.block_on(async {
        tokio::select! {
            () = world.gateway.run_flusher(CancellationToken::new()) => panic!("nobody stopped it"),
            watched = tokio::time::timeout(Duration::from_mins(5), watching) => watched.unwrap(),
        }
    });
}

#[test]
fn idle_units_go_back_however_long_a_flush_takes() {
    let service = Service::plain();
    let world = one_of_several(&service, 40);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.plane.counted.hangs.store(true, Ordering::SeqCst);
    let unleased = || *world.plane.unleased.lock().unwrap();
    assert_eq!(unleased(), 30);
    tidy_until(&world, || unleased() == 39);
    world.plane.counted.hangs.store(false, Ordering::SeqCst);
}

#[test]
fn idle_units_are_of_use_as_long_as_nobody_can_take_them_back() {
    let service = Service::plain();
    let world = one_of_several(&service, 40);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.plane.away.store(true, Ordering::SeqCst);
    tidy_until(&world, || world.plane.refused_units.load(Ordering::SeqCst) == 2);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.plane.away.store(false, Ordering::SeqCst);
    tidy_until(&world, || *world.plane.unleased.lock().unwrap() == 38);
}
