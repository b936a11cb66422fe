//! Lists that grow and shrink while somebody reads them page by page.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::collections::BTreeSet;

use mintreu_control::{Error, store::part};
use mintreu_control_testing::{Bench, on_both};
use mintreu_model::list::{List, ListQuery};

fn sorted(sort: &str, cursor: Option<String>) -> ListQuery {
    ListQuery { sort: Some(sort.into()), limit: Some(3), cursor, ..ListQuery::default() }
}

/// Reads all pages, `meanwhile` happening between one and the next.
async fn read<T>(
    sort: &str,
    list: impl AsyncFn(&ListQuery) -> Result<List<T>, Error>,
    meanwhile: impl AsyncFn(usize),
    name: impl Fn(&T) -> String,
) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), None);
    for page in 0.. {
        assert!(page < 50, "the list by {sort} never ends");
        let got = list(&sorted(sort, cursor)).await.unwrap();
        assert!(got.data.len() <= 3);
        seen.extend(got.data.iter().map(&name));
        cursor = got.next_cursor;
        if cursor.is_none() {
            break;
        }
        meanwhile(page).await;
    }
    seen
}

fn each_once(sort: &str, seen: &[String], expected: impl IntoIterator<Item = String>) {
    let unique: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(unique.len(), seen.len(), "twice by {sort}: {seen:?}");
    let missed: Vec<_> = expected.into_iter().filter(|name| !unique.contains(name)).collect();
    assert!(missed.is_empty(), "missed by {sort}: {missed:?}");
}

#[tokio::test]
async fn rows_that_come_between_two_pages_repeat_and_hide_nothing() {
    on_both(async |bench| {
        let operator = bench.operator().await;
        let ines = bench.person("ines").await;
        for sort in ["", "created", "-created", "name", "-name", "status", "-status", "unknown"] {
            let before = bench.list_any_tenants(&operator, &ListQuery { limit: Some(100), ..ListQuery::default() }).await.unwrap();
            // Equal names, so that the id must decide.
            for _ in 0..3 {
                bench.tenant(&ines, "Middle").await;
            }
            let expected = before.data.iter().map(|row| row.tenant.id.to_string());
            let meanwhile = async |page: usize| {
                if page < 2 {
                    bench.tenant(&ines, ["Aaa", "Zzz"][page]).await;
                }
            };
            let seen = read(sort, async |query| bench.list_any_tenants(&operator, query).await, meanwhile, |row| row.tenant.id.to_string());
            each_once(sort, &seen.await, expected);
        }
    })
    .await;
}

async fn jobs(bench: &Bench, sort: &str) -> Vec<String> {
    let operator = bench.operator().await;
    read(sort, async |query| bench.list_jobs(&operator, query).await, async |_| {}, |job| job.id.to_string()).await
}

#[tokio::test]
async fn numbers_and_times_are_gone_through_in_their_own_order() {
    on_both(async |bench| {
        for number in 0..12 {
            let email = format!("{number}@people.test");
            bench.forgot_password(&mintreu_model::form::account::ForgotPassword { email }, None).await.unwrap();
            bench.advance(chrono::TimeDelta::milliseconds(1_500 * (number % 3)));
        }
        bench.sql("UPDATE jobs SET attempts = CASE WHEN created_at = (SELECT MIN(created_at) FROM jobs) THEN 9 ELSE 10 END").await;
        for sort in ["attempts", "-attempts", "due", "-due", "kind", "status"] {
            let seen = jobs(&bench, sort).await;
            assert_eq!(seen.len(), 12, "{sort}");
            each_once(sort, &seen, jobs(&bench, "").await);
        }
        let operator = bench.operator().await;
        let first = bench.list_jobs(&operator, &sorted("attempts", None)).await.unwrap();
        assert_eq!(first.data[0].attempts, 9, "a number, not a text");
    })
    .await;
}

#[tokio::test]
async fn a_cursor_of_another_order_or_of_somebodys_making_is_refused() {
    on_both(async |bench| {
        let operator = bench.operator().await;
        for number in 0..5 {
            bench.person(&format!("person{number}")).await;
        }
        let cursor = bench.list_users(&operator, &sorted("name", None)).await.unwrap().next_cursor;
        assert!(cursor.is_some());
        bench.list_users(&operator, &sorted("name", cursor.clone())).await.unwrap();
        for (sort, cursor) in [
            ("-name", cursor.clone()),
            ("", cursor.clone()),
            ("email", cursor),
            ("name", Some("o25".into())),
            ("name", Some(String::new())),
            // ["name","\u0000","00000000-0000-0000-0000-000000000000"]
            ("name", Some("WyJuYW1lIiwiXHUwMDAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0".into())),
        ] {
            let problem = bench.list_users(&operator, &sorted(sort, cursor.clone())).await.unwrap_err().problem();
            assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "cursor"), "{sort} {cursor:?}");
        }
        // ["due","yesterday",…] and ["attempts","many",…]
        for (sort, cursor) in [
            ("due", "WyJkdWUiLCJ5ZXN0ZXJkYXkiLCIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiXQ"),
            ("attempts", "WyJhdHRlbXB0cyIsIm1hbnkiLCIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDAiXQ"),
        ] {
            let problem = bench.list_jobs(&operator, &sorted(sort, Some(cursor.into()))).await.unwrap_err().problem();
            assert_eq!(problem.status, 422, "{sort}");
        }
    })
    .await;
}

#[test]
fn a_short_list_goes_on_after_its_last_row_and_where_that_was_when_it_is_gone() {
    let list = |names: &str, cursor: Option<String>| {
        let query = ListQuery { limit: Some(2), cursor, ..ListQuery::default() };
        part(names.chars().collect(), &query, ToString::to_string).unwrap()
    };
    let first = list("bcdef", None);
    assert_eq!((first.data.as_slice(), first.total), (&['b', 'c'][..], 5));
    assert_eq!(list("abcdef", first.next_cursor.clone()).data, ['d', 'e'], "one came before");
    assert_eq!(list("bdef", first.next_cursor.clone()).data, ['d', 'e'], "the last one went");
    let end = list("cd", first.next_cursor);
    assert_eq!((end.data, end.next_cursor), (vec!['d'], None));
    let query = ListQuery { cursor: Some("zzz".into()), ..ListQuery::default() };
    assert!(part(vec!['a'], &query, ToString::to_string).is_err());
    let query = ListQuery { page: Some(u32::MAX), ..ListQuery::default() };
    assert!(part(vec!['a'], &query, ToString::to_string).unwrap().data.is_empty());
}
