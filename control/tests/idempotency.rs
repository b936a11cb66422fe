//! Idempotency keys.

#![expect(clippy::panic, reason = "it is how a test fails")]

use chrono::TimeDelta;
use mintreu_control::{Error, Result, idempotency::Begun};
use mintreu_control_testing::on_both;

fn code(outcome: Result<Begun>) -> &'static str {
    match outcome {
        Err(Error::Conflict { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_for_a_day() {
    on_both(async |bench| {
        let actor = bench.person("ines").await;
        assert_eq!(bench.idempotency_begin(&actor, "k", b"request").await.unwrap(), Begun::Fresh);
        assert_eq!(code(bench.idempotency_begin(&actor, "k", b"request").await), "idempotency_in_flight");
        bench.idempotency_finish(&actor, "k", 201, b"{\"client_secret\":\"mcs_x\"}").await.unwrap();
        let replay = Begun::Replay { status: 201, body: b"{\"client_secret\":\"mcs_x\"}".to_vec() };
        assert_eq!(bench.idempotency_begin(&actor, "k", b"request").await.unwrap(), replay);
        assert_eq!(code(bench.idempotency_begin(&actor, "k", b"another").await), "idempotency_mismatch");
        bench.advance(TimeDelta::hours(24));
        assert_eq!(bench.idempotency_begin(&actor, "k", b"another").await.unwrap(), Begun::Fresh);
    })
    .await;
}

#[tokio::test]
async fn of_two_requests_at_once_one_works() {
    on_both(async |bench| {
        let actor = bench.person("ines").await;
        let (one, two) = tokio::join!(bench.idempotency_begin(&actor, "k", b"r"), bench.idempotency_begin(&actor, "k", b"r"));
        let fresh = [&one, &two].into_iter().filter(|begun| matches!(begun, Ok(Begun::Fresh))).count();
        assert_eq!(fresh, 1, "{one:?} {two:?}");
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_gives_its_key_back_and_people_do_not_share_keys() {
    on_both(async |bench| {
        let (ines, sam) = (bench.person("ines").await, bench.person("sam").await);
        assert_eq!(bench.idempotency_begin(&ines, "k", b"r").await.unwrap(), Begun::Fresh);
        assert_eq!(bench.idempotency_begin(&sam, "k", b"other").await.unwrap(), Begun::Fresh);
        bench.idempotency_release(&ines, "k").await.unwrap();
        assert_eq!(bench.idempotency_begin(&ines, "k", b"other").await.unwrap(), Begun::Fresh);
        assert!(matches!(bench.idempotency_begin(&ines, &"k".repeat(256), b"r").await, Err(Error::Invalid(_))));
        bench.advance(TimeDelta::days(2));
        bench.prune_idempotency().await.unwrap();
    })
    .await;
}
