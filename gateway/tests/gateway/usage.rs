//! Usage reaches the control plane, whole and once.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use mintreu_gateway::{Durability, inspect_journal};

use crate::support::{Service, World};

const FRAME: u64 = 128;

/// The files of a journal.
fn segments(journal: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "journal")).collect()
}

fn only_segment(journal: &Path) -> PathBuf {
    let mut segments = segments(journal);
    assert_eq!(segments.len(), 1, "{segments:?}");
    segments.remove(0)
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

/// A gateway with one worker, so that all calls go to one segment.
fn one_worker(service: &Service) -> World {
    World::with(service, |settings| settings.workers = 1, |_| {})
}

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
fn what_was_delivered_is_billed_though_the_process_died_before_handing_it_over() {
    let service = Service::plain();
    let world = World::new(&service);
    for _ in 0..20 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    assert!(world.plane.counted.positions.lock().unwrap().is_empty());
    let world = world.crash();
    let usage = world.usage_of(20);
    assert!(usage.iter().all(|record| record.billed && record.status == 200 && &*record.route == "/{*rest}"), "{usage:?}");
    let body = "GET /v1 HTTP/1.1".len() as u64;
    assert!(usage.iter().all(|record| record.bytes_out == body), "what came with the head is told with it: {usage:?}");
    let after = world.crash();
    after.usage_of(20);
    assert_eq!(segments(after.journal()).len(), 0, "what is counted is removed");
}

#[test]
fn a_call_is_counted_once_though_the_answer_of_the_control_plane_was_lost() {
    let service = Service::plain();
    let world = World::new(&service);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.plane.counted.swallow.store(2, Ordering::SeqCst);
    world.flush();
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.flush();
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.usage_of(3);
    world.plane.counted.swallow.store(1, Ordering::SeqCst);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.flush();
    let world = world.crash();
    world.usage_of(4);
    assert_eq!(world.gateway.snapshot().journal.backlog, 0);
}

#[test]
fn usage_waits_while_the_control_plane_is_away_and_calls_go_on() {
    let service = Service::plain();
    let world = World::new(&service);
    world.plane.counted.refuse.store(3, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
        world.flush();
    }
    let status = world.gateway.snapshot().journal;
    assert!(status.backlog >= 3 && !status.age.is_zero(), "{status:?}");
    world.usage_of(3);
    let status = world.gateway.snapshot().journal;
    assert_eq!((status.backlog, status.age.is_zero()), (0, true));
}

#[test]
fn what_an_earlier_process_left_counts_before_the_first_call() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.quota.included = 3);
    for _ in 0..2 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    let world = world.crash();
    world.plane.counted.refuse.store(1, Ordering::SeqCst);
    // The grant is loaded here with a count that lacks the journal's.
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
    world.flush();
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
    world.flush();
    let used = world.plane.counted.records.lock().unwrap().iter().filter(|record| record.billed).count();
    world.issue(&world.key, |grant| {
        grant.quota.included = 3;
        grant.quota.used = used.try_into().unwrap();
    });
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
}

#[test]
fn a_torn_end_is_cut_and_the_rest_counts() {
    let service = Service::plain();
    let world = one_worker(&service);
    for _ in 0..3 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    let world = world.crash_with(|journal| {
        // Header, route, and what each call wrote: the last is torn in its middle.
        let path = only_segment(journal);
        let end = inspect_journal(journal).unwrap()[0].end;
        fs::File::options().write(true).open(&path).unwrap().set_len(end - FRAME / 2).unwrap();
    });
    world.usage_of(2);
    assert_eq!(world.gateway.snapshot().journal.damaged, 0);
    assert!(!world.journal().join("damaged").exists());
}

#[test]
fn damage_in_the_middle_is_set_aside_and_what_can_be_read_counts() {
    let service = Service::plain();
    let world = one_worker(&service);
    for _ in 0..3 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    let mut name = None;
    let world = world.crash_with(|journal| {
        let path = only_segment(journal);
        overwrite(&path, 2 * FRAME + 60, b"rust");
        name = path.file_name().map(ToOwned::to_owned);
    });
    world.usage_of(2);
    assert_eq!(world.gateway.snapshot().journal.damaged, 1);
    assert!(world.journal().join("damaged").join(name.unwrap()).exists());
    assert_eq!(segments(world.journal()).len(), 0);
}

#[test]
fn a_file_that_is_no_segment_is_set_aside_and_stops_nobody() {
    let service = Service::plain();
    let world = World::new(&service).crash_with(|journal| {
        fs::write(journal.join("seg_00000000000000000000000000.journal"), [7; 4_000]).unwrap();
        fs::write(journal.join("holiday.journal"), "photos").unwrap();
    });
    world.flush();
    assert_eq!(world.get("/products/shop/v1").status, 200);
    world.usage_of(1);
    assert_eq!(fs::read_dir(world.journal().join("damaged")).unwrap().count(), 2);
}

#[test]
fn full_segments_are_followed_by_others_and_removed_when_counted() {
    let service = Service::plain();
    let world = World::with(&service, |settings| (settings.workers, settings.journal.segment_bytes) = (1, 8 * FRAME), |_| {});
    for _ in 0..40 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    assert!(segments(world.journal()).len() > 5);
    world.usage_of(40);
    world.flush();
    assert!(segments(world.journal()).len() <= 1, "{:?}", segments(world.journal()));
}

#[test]
fn a_flush_leaves_what_comes_while_it_counts_to_the_next() {
    let service = Service::plain();
    let world = one_worker(&service);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    let meanwhile = (0..3).map(|_| -> Box<dyn FnOnce() + Send> {
        let (mut client, basic) = (world.client(), world.key.basic());
        Box::new(move || {
            client.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{basic}\r\n"));
            assert_eq!(client.head().status, 200);
        })
    });
    world.plane.counted.meanwhile.lock().unwrap().extend(meanwhile);
    for left in [2, 1, 0] {
        world.flush();
        assert_eq!(world.plane.counted.meanwhile.lock().unwrap().len(), left);
    }
    world.usage_of(4);
}

/// What keeps a batch's memory for the next would lose it to a flush that has no use for it.
#[test]
fn a_flush_that_finds_nothing_asks_for_no_batch() {
    let service = Service::plain();
    let world = one_worker(&service);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    for _ in 0..3 {
        world.flush();
    }
    assert_eq!(world.plane.counted.batches.load(Ordering::SeqCst), 1);
}

#[test]
fn a_segment_that_cannot_be_read_does_not_keep_the_others() {
    let service = Service::plain();
    let world = World::with(&service, |settings| (settings.workers, settings.journal.segment_bytes) = (1, 8 * FRAME), |_| {});
    for _ in 0..20 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    let mut written = segments(world.journal());
    written.sort_unstable();
    let whole = fs::read(&written[0]).unwrap();
    fs::File::options().write(true).open(&written[0]).unwrap().set_len(0).unwrap();
    world.flush();
    let others = world.plane.counted.records.lock().unwrap().iter().filter(|record| record.billed).count();
    assert!((10..20).contains(&others), "{others}");
    assert!(world.gateway.snapshot().journal.backlog > 0);
    overwrite(&written[0], 0, &whole);
    world.usage_of(20);
    assert_eq!(world.gateway.snapshot().journal.backlog, 0);
}

#[test]
fn a_full_disk_refuses_calls_before_the_service_sees_them_until_there_is_room() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.journal.reserve_bytes = u64::MAX, |_| {});
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
    assert!(world.gateway.snapshot().journal.full);
    let seen = service.seen().len();
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
    assert_eq!(service.seen().len(), seen, "refused before it is forwarded");
    world.flush();
    assert!(world.gateway.snapshot().journal.full);
    assert!(world.usage().iter().all(|record| !record.billed));
}

#[test]
fn a_lost_directory_refuses_calls_and_its_return_is_enough() {
    let service = Service::plain();
    let world = World::new(&service);
    let elsewhere = world.journal().with_extension("away");
    fs::rename(world.journal(), &elsewhere).unwrap();
    world.get("/products/shop/v1").is_problem(503, "service_unavailable", "platform");
    fs::rename(&elsewhere, world.journal()).unwrap();
    world.flush();
    assert_eq!(world.get("/products/shop/v1").status, 200);
    let billed = world.usage().iter().filter(|record| record.billed).count();
    assert_eq!(billed, 1);
}

#[test]
fn strict_durability_answers_and_counts_the_same() {
    let service = Service::plain();
    let world = World::with(&service, |settings| settings.journal.durability = Durability::Strict, |_| {});
    for _ in 0..10 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    let world = world.crash();
    world.usage_of(10);
}

#[test]
fn a_lost_replicas_journal_is_brought_in_once() {
    let service = Service::plain();
    let mut world = World::new(&service);
    for _ in 0..5 {
        assert_eq!(world.get("/products/shop/v1").status, 200);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let copy = world.journal().with_extension("copy");
    fs::create_dir(&copy).unwrap();
    for path in segments(world.journal()) {
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    let import = || runtime.block_on(mintreu_gateway::import_journal(&copy, &*world.plane));
    let imported = import().unwrap();
    assert_eq!((imported.damaged, imported.records >= 5), (0, true), "{imported:?}");
    assert_eq!(import().unwrap().segments, 0);
    let in_use = runtime.block_on(mintreu_gateway::import_journal(world.journal(), &*world.plane)).unwrap_err();
    assert!(in_use.to_string().contains("another process"), "{in_use}");
    world.usage_of(5);
    world.stop();
    fs::remove_dir_all(&copy).unwrap();
}

#[test]
fn refused_calls_of_an_application_are_handed_over_by_reason_and_kept_while_nobody_takes_them() {
    let service = Service::plain();
    let world = World::new(&service);
    world.issue(&world.key, |grant| grant.quota.included = 1);
    assert_eq!(world.get("/products/shop/v1").status, 200);
    for _ in 0..2 {
        world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
    }
    // Usage is refused once, then taken; after it the refusals are refused once.
    world.plane.counted.refuse.store(1, Ordering::SeqCst);
    world.flush();
    world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
    world.usage_of(1);
    world.plane.counted.refuse.store(1, Ordering::SeqCst);
    world.get("/products/shop/v1").is_problem(429, "quota_exhausted", "client");
    world.flush();
    world.flush();
    let refused = world.plane.counted.refused.lock().unwrap();
    let calls: u64 = refused.iter().inspect(|one| assert_eq!(one.code, "quota_exhausted")).map(|one| one.calls).sum();
    assert_eq!(calls, 4);
}
