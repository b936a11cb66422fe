//! Several addresses of a service, and a service in trouble: which address gets a call, when it is
//! left alone, when it comes back, and how long anybody waits (points 11 and 15).

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use mintreu_gateway::{HealthPolicy, ServicePolicy};
use mintreu_model::status::AddressState;

use crate::support::{
    Service, World, eventually,
    service::{After, Exchange},
};

/// What "at the deadline" means.
const EXACTLY: Duration = Duration::from_millis(100);

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A world whose service has a second address.
fn two(first: &Service, second: &str, change: impl FnOnce(&mut ServicePolicy)) -> World {
    World::with(
        first,
        |_| {},
        |policy| {
            policy.base_urls.push(second.parse().unwrap());
            policy.upstream.ejection = Duration::from_millis(50);
            change(policy);
        },
    )
}

/// Answers plainly unless `down`; then does what `trouble` does.
fn moody(trouble: impl Fn(&mut Exchange) -> After + Send + Sync + 'static) -> (Service, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(true));
    let is_down = Arc::clone(&down);
    let service = Service::start(move |exchange| if is_down.load(SeqCst) { trouble(exchange) } else { exchange.answer_plainly() });
    (service, down)
}

fn hang(exchange: &mut Exchange) -> After {
    exchange.wait_for_close();
    After::Close
}

fn slow() -> Service {
    Service::start(|exchange| {
        thread::park_timeout(Duration::from_millis(30));
        exchange.answer_plainly()
    })
}

fn post(world: &World) -> u16 {
    world.call("POST", "/products/shop/v1").status
}

fn checked(service: &mut ServicePolicy) {
    service.upstream.health =
        Some(HealthPolicy { path: "/healthz".to_owned(), interval: Duration::from_millis(20), unhealthy_after: 2, healthy_after: 2 });
}

fn calls(service: &Service) -> usize {
    service.seen().iter().filter(|seen| seen.line.contains("/v1")).count()
}

#[test]
fn the_quicker_of_two_addresses_gets_most_calls() {
    let quick = Service::plain();
    let slow = slow();
    let world = two(&quick, &slow.url(), |_| {});
    for _ in 0..100 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    assert!(slow.seen().len() < 20, "{}", slow.seen().len());
    assert!(!slow.seen().is_empty());
    assert!(world.health()[1].latency_us > world.health()[0].latency_us);
}

#[test]
fn a_busy_address_is_passed_over() {
    let (busy, idle) = (Service::start(hang), Service::plain());
    let world = two(&idle, &busy.url(), |_| {});
    let request = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    // The client may have its answer before the gateway has put the connection back.
    let is_idle = || eventually("the idle one to be idle", || world.health()[0].in_flight == 0);
    let mut held = Vec::new();
    while busy.seen().is_empty() {
        is_idle();
        let mut client = world.client();
        client.send(&request);
        held.push(client);
        eventually("the call", || busy.seen().len() + idle.seen().len() == held.len());
    }
    for _ in 0..20 {
        is_idle();
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    assert_eq!(world.health()[1].in_flight, 1);
}

#[test]
fn a_dead_address_costs_no_call_is_left_alone_and_comes_back() {
    let (alive, address) = (Service::plain(), nobody());
    let world = two(&alive, &format!("http://{address}"), |_| {});
    eventually("the ejection", || {
        assert_eq!(post(&world), 200);
        world.states()[1] == AddressState::Ejected
    });
    let dead = &world.health()[1];
    assert!(dead.last_error.as_deref().unwrap().contains("refused"), "{dead:?}");
    assert!(dead.last_error_at.is_some());
    let revived = Service::start_at(address, Exchange::answer_plainly);
    eventually("calls at the address that is back", || {
        assert_eq!(post(&world), 200);
        !revived.seen().is_empty()
    });
    eventually("its good name", || world.states() == [AddressState::Healthy, AddressState::Healthy]);
}

#[test]
fn at_most_half_of_the_addresses_are_left_alone() {
    let failing = || Service::fixed("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno");
    let (first, second) = (failing(), failing());
    let world = two(&first, &second.url(), |policy| policy.upstream.ejection = Duration::from_mins(1));
    for _ in 0..20 {
        assert_eq!(world.get("/products/shop/v1").text(), "no");
    }
    let ejected = world.states().into_iter().filter(|state| *state == AddressState::Ejected).count();
    assert_eq!(ejected, 1, "{:?}", world.health());
    let lone = World::new(&first);
    for _ in 0..20 {
        // An answer is an answer: it is relayed, and opens no circuit.
        assert_eq!(lone.get("/products/shop/v1").text(), "no");
    }
    assert_eq!(lone.states(), [AddressState::Healthy]);
}

#[test]
fn answers_of_5xx_open_the_circuit_where_the_service_says_so() {
    let service = Service::fixed("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno");
    let world = World::with(&service, |_| {}, |policy| policy.upstream.circuit_server_errors = 4);
    for _ in 0..4 {
        assert_eq!(world.get("/products/shop/v1").status, 500);
    }
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
}

#[test]
fn a_circuit_opens_lets_one_call_a_second_through_and_closes_with_the_first_answer() {
    let (service, down) = moody(|exchange| {
        exchange.read_body();
        After::Close
    });
    let world = World::new(&service);
    for _ in 0..5 {
        assert_eq!(post(&world), 502);
    }
    let opened = Instant::now();
    assert_eq!(world.states(), [AddressState::Open]);
    let refused = world.get("/products/shop/v1");
    refused.is_problem(503, "service_unavailable", "platform");
    assert_eq!(refused.header("retry-after"), "1");
    eventually("two trials", || {
        assert!(matches!(post(&world), 502 | 503));
        service.seen().len() >= 7
    });
    assert!(opened.elapsed() >= Duration::from_millis(1_950), "{:?}", opened.elapsed());
    assert_eq!(service.seen().len(), 7);
    down.store(false, SeqCst);
    eventually("the trial that closes it", || post(&world) == 200);
    for _ in 0..10 {
        assert_eq!(post(&world), 200);
    }
    assert_eq!(world.states(), [AddressState::Healthy]);
}

#[test]
fn a_service_that_hangs_gives_504_at_the_deadline_and_no_other_product_notices() {
    let (service, down) = moody(hang);
    let other = Service::plain();
    let timeout = Duration::from_millis(400);
    let world = World::with(&service, |_| {}, |policy| policy.timeout = timeout);
    let key = world.publish_beside(&other);
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let began = Instant::now();
                world.get("/products/shop/v1").is_problem(504, "service_timeout", "service");
                assert!(began.elapsed() >= timeout && began.elapsed() < timeout + EXACTLY, "{:?}", began.elapsed());
            });
        }
        service.wait_for_requests(5);
        let began = Instant::now();
        for _ in 0..10 {
            assert_eq!(world.call_with("GET", "/products/other/v1", &key.basic(), "").status, 200);
        }
        assert!(began.elapsed() < timeout);
    });
    assert_eq!(world.states(), [AddressState::Open]);
    assert_eq!(world.call_with("GET", "/products/other/v1", &key.basic(), "").status, 200);
    thread::scope(|scope| {
        scope.spawn(|| eventually("the trial's 504", || world.get("/products/shop/v1").status == 504));
        eventually("a half-open circuit", || world.states() == [AddressState::HalfOpen]);
    });
    down.store(false, SeqCst);
    eventually("an answer", || world.get("/products/shop/v1").status == 200);
}

#[test]
fn a_state_outlives_a_change_of_the_catalogue() {
    let world = World::with(&Service::plain(), |_| {}, |policy| policy.base_urls = vec![format!("http://{}", nobody()).parse().unwrap()]);
    for _ in 0..5 {
        assert_eq!(post(&world), 502);
    }
    world.publish(|policy| policy.base_urls = vec![policy.base_urls[0].clone(), "http://127.0.0.1:9".parse().unwrap()]);
    assert_eq!(world.states(), [AddressState::Open, AddressState::Unknown]);
}

#[test]
fn an_address_that_fails_its_checks_gets_no_calls_until_it_passes_them_again() {
    let well = Arc::new(AtomicBool::new(false));
    let is_well = Arc::clone(&well);
    let ailing = Service::start(move |exchange| {
        if exchange.seen.line.starts_with("GET /healthz ") && !is_well.load(SeqCst) {
            exchange.write("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
            return After::Keep;
        }
        exchange.answer_plainly()
    });
    let healthy = Service::plain();
    let world = two(&healthy, &ailing.url(), checked);
    eventually("the checks to fail", || world.states() == [AddressState::Healthy, AddressState::Unhealthy]);
    let view = world.health().remove(1);
    assert_eq!((view.last_check.as_deref(), view.last_error.as_deref()), (Some("Answered 500"), Some("Health check: Answered 500")));
    for _ in 0..20 {
        let before = calls(&ailing);
        assert_eq!(post(&world), 200);
        // Where the machine is too busy for a check of the other address, both are as bad.
        if world.states() == [AddressState::Healthy, AddressState::Unhealthy] {
            assert_eq!(calls(&ailing), before);
        }
    }
    well.store(true, SeqCst);
    eventually("calls at the address that is well again", || {
        assert_eq!(post(&world), 200);
        calls(&ailing) > 0
    });
}

#[test]
fn when_all_fail_their_checks_calls_are_tried_all_the_same() {
    let ill = |exchange: &mut Exchange| {
        if exchange.seen.line.starts_with("GET /healthz ") {
            exchange.write("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
            return After::Keep;
        }
        exchange.answer_plainly()
    };
    let (first, second) = (Service::start(ill), Service::start(ill));
    let world = two(&first, &second.url(), checked);
    eventually("the checks to fail", || world.states() == [AddressState::Unhealthy, AddressState::Unhealthy]);
    for _ in 0..20 {
        assert_eq!(post(&world), 200);
    }
    world.publish(|policy| policy.upstream.health = None);
    assert!(!world.states().contains(&AddressState::Unhealthy));
}

#[test]
fn a_check_on_demand_says_how_each_address_is() {
    let service = Service::plain();
    let world = two(&service, &format!("http://{}", nobody()), |_| {});
    assert!(world.health().iter().all(|address| address.state == AddressState::Unknown && address.checked_at.is_none()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(world.gateway.check(mintreu_model::id::ServiceId(uuid::Uuid::from_u128(1))));
    let health = world.health();
    assert!(health[0].last_check.as_deref().unwrap().starts_with("Answered 200 in "), "{health:?}");
    assert!(health[1].last_check.as_deref().unwrap().contains("refused"), "{health:?}");
}

#[test]
fn a_service_gets_no_more_calls_at_once_than_it_may_have() {
    let (service, down) = moody(hang);
    let world = World::with(&service, |_| {}, |policy| policy.upstream.max_in_flight = 1);
    let mut first = world.client();
    first.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    service.wait_for_requests(1);
    let refused = world.get("/products/shop/v1");
    refused.is_problem(503, "service_unavailable", "platform");
    assert_eq!(refused.header("retry-after"), "1");
    down.store(false, SeqCst);
    first.leave();
    eventually("room", || world.get("/products/shop/v1").status == 200);
}

#[test]
fn a_service_in_trouble_is_not_given_twice_the_work() {
    // Every second request on a connection is lost, so that every second call would be repeated.
    let service = Service::start(|exchange| if exchange.seen.number == 1 { After::Close } else { exchange.answer_plainly() });
    let world = World::with(&service, |settings| settings.workers = 1, |_| {});
    let answered = (0..100).filter(|_| world.get("/products/shop/v1").status == 200).count();
    assert!(service.seen().len() <= 100 + 100 / 5 + 10, "{}", service.seen().len());
    assert!(answered > 60, "{answered}");
}

#[test]
fn a_body_may_take_no_longer_than_the_whole_call_and_event_streams_are_exempt() {
    let dribble = |kind: &'static str| {
        Service::start(move |exchange| {
            exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"));
            for _ in 0..40 {
                exchange.write("1\r\nx\r\n");
                thread::park_timeout(Duration::from_millis(20));
            }
            exchange.write("0\r\n\r\n");
            After::Close
        })
    };
    let total = Duration::from_millis(300);
    let world = World::with(&dribble("text/plain"), |_| {}, |policy| policy.upstream.total_timeout = Some(total));
    let began = Instant::now();
    let answer = world.get("/products/shop/v1");
    assert!(!answer.whole && !answer.body.is_empty(), "{answer:?}");
    assert!(began.elapsed() >= total && began.elapsed() < total + EXACTLY, "{:?}", began.elapsed());
    let world = World::with(&dribble("text/event-stream"), |_| {}, |policy| policy.upstream.total_timeout = Some(total));
    assert_eq!(world.get("/products/shop/v1").body.len(), 40);
}

#[test]
fn the_whole_call_ends_before_the_head_too() {
    let total = Duration::from_millis(300);
    let service = Service::start(hang);
    let world = World::with(&service, |_| {}, |policy| policy.upstream.total_timeout = Some(total));
    let began = Instant::now();
    world.get("/products/shop/v1").is_problem(504, "service_timeout", "service");
    assert!(began.elapsed() >= total && began.elapsed() < total + EXACTLY, "{:?}", began.elapsed());
}

#[test]
fn a_pause_in_a_body_ends_it_at_the_idle_deadline_and_counts_against_the_address() {
    let service = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        hang(exchange)
    });
    let idle = Duration::from_millis(300);
    let world = World::with(&service, |_| {}, |policy| policy.upstream.idle_timeout = idle);
    let began = Instant::now();
    assert!(!world.get("/products/shop/v1").whole);
    assert!(began.elapsed() >= idle && began.elapsed() < idle + EXACTLY, "{:?}", began.elapsed());
    eventually("the note", || world.health()[0].last_error.as_deref() == Some("Stopped in the middle of an answer"));
}

#[test]
fn an_address_that_dies_in_the_middle_of_answers_is_left_alone() {
    let dying = Service::start(|exchange| {
        exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
        After::Close
    });
    // Slow, so that the other one is preferred until it is given up.
    let world = two(&slow(), &dying.url(), |policy| policy.upstream.ejection = Duration::from_mins(1));
    eventually("the ejection", || {
        world.get("/products/shop/v1");
        world.states()[1] == AddressState::Ejected
    });
    for _ in 0..10 {
        assert!(world.get("/products/shop/v1").whole);
    }
}

#[test]
fn the_counters_name_each_address() {
    let service = Service::plain();
    let world = World::new(&service);
    assert_eq!(post(&world), 200);
    let text = world.gateway.metrics_text();
    let labels = format!("{{service=\"shop-service\",address=\"{}\"", service.url());
    for series in ["in_flight", "latency_seconds", "failures_total", "ejections_total"] {
        assert!(text.contains(&format!("mintreu_gateway_address_{series}{labels}}} ")), "{text}");
    }
    assert!(text.contains(&format!("mintreu_gateway_address_state{labels},state=\"healthy\"}} 1")), "{text}");
}
