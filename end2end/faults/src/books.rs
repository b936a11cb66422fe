//! What is billed, and how the gateway says it does.

use std::time::{Duration, Instant};

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::platform::Place;

const LOOK: Duration = Duration::from_millis(50);

/// Calls that the platform will ask money for, as its two ways of counting have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Books {
    /// The units that were taken from quotas.
    pub quotas: u64,
    /// What usage shows of calls that a service answered.
    pub usage: u64,
}

impl Books {
    /// Reads past the program, which need not run.
    pub async fn read(place: &Place) -> Self {
        const SQL: &str = "SELECT (SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM quota_usage),
             (SELECT CAST(COALESCE(SUM(requests), 0) AS BIGINT) FROM usage_sums
              WHERE kind = 'status' AND step = 'minute' AND status < 500 AND status <> 499)";
        let (quotas, usage): (i64, i64) = if let Some(url) = &place.postgres {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let sums = sqlx::query_as(SQL).fetch_one(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            sums
        } else {
            let file = place.data.join("platform.sqlite3");
            let mut connection = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
            let sums = sqlx::query_as(SQL).fetch_one(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            sums
        };
        Self { quotas: u64::try_from(quotas).unwrap(), usage: u64::try_from(usage).unwrap() }
    }
}

/// The sum of a metric over its labels; `None` while the program does not answer.
pub async fn metric(place: &Place, name: &str) -> Option<f64> {
    let answer = reqwest::get(format!("{}/metrics", place.url)).await.ok()?;
    let text = answer.text().await.ok()?;
    let values = text.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let is_it = series.strip_prefix(name).is_some_and(|labels| labels.is_empty() || labels.starts_with('{'));
        if is_it { value.parse::<f64>().ok() } else { None }
    });
    Some(values.sum())
}

/// Waits until no call is under way and everything in the journal is counted. How long it took;
/// an error when it takes longer than that.
pub async fn settled(place: &Place, within: Duration) -> Result<Duration, String> {
    let began = Instant::now();
    loop {
        let mut state = [None; 2];
        for (value, name) in state.iter_mut().zip(["mintreu_gateway_in_flight", "mintreu_gateway_usage_backlog"]) {
            *value = metric(place, name).await;
        }
        if state == [Some(0.0); 2] {
            return Ok(began.elapsed());
        }
        if began.elapsed() > within {
            return Err(format!("calls in flight and records that wait are still {state:?} after {within:?}"));
        }
        tokio::time::sleep(LOOK).await;
    }
}
