//! The client's secret stays where it is: no service, no log.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use tracing_subscriber::filter::LevelFilter;

use crate::support::{Key, Service, World, http2::Http2Service};

/// What must not be logged, and how many lines were.
static FORBIDDEN: OnceLock<Vec<String>> = OnceLock::new();
static LINES: AtomicUsize = AtomicUsize::new(0);
static LEAKS: AtomicUsize = AtomicUsize::new(0);

struct Log;

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(1, Ordering::SeqCst);
        let text = String::from_utf8_lossy(line);
        if FORBIDDEN.get().is_some_and(|forbidden| forbidden.iter().any(|secret| text.contains(secret))) {
            LEAKS.fetch_add(1, Ordering::SeqCst);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_service_and_no_log_at_any_level_gets_a_secret() {
    // No other test uses this key; the log is the whole process's.
    let key = Key::number(77);
    let pair = key.basic().trim().rsplit_once(' ').unwrap().1.to_owned();
    FORBIDDEN.set(vec![key.secret.clone(), pair.clone()]).unwrap();
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(|| Log).init();
    let service = Service::plain();
    let other = Http2Service::start(None);
    for world in [World::new(&service), World::before(other.address, |_| {}, |policy| policy.http2 = true, None)] {
        let call = || {
            let request = http::Request::post("http://gw/products/shop/v1").header("authorization", format!("Basic {pair}"));
            let grant = format!("grant_type=client_credentials&client_id={}&client_secret={}", key.client_id, key.secret);
            world.call_with("POST", "/products/shop/v1", &key.basic(), "abc");
            world.call_with("POST", "/oauth/token", "Content-Type: application/x-www-form-urlencoded\r\n", &grant);
            world.http2().call_with(request.body(()).unwrap(), "abc").status
        };
        assert_eq!(call(), 401);
        world.issue(&key, |_| {});
        world.gateway.invalidate(&mintreu_gateway::Change::Everything);
        assert_eq!(call(), 200);
    }
    let seen = format!("{:?} {:?}", service.seen(), other.seen());
    assert!(!seen.contains(&key.secret) && !seen.contains(&pair));
    assert!(LINES.load(Ordering::SeqCst) > 0);
    assert_eq!(LEAKS.load(Ordering::SeqCst), 0);
}
