//! `mintreu doctor`: looks at what the program needs and says what to do. Exit code 1 when
//! something is wrong.

use std::os::unix::fs::PermissionsExt as _;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use mintreu_control::{
    clock::{Clock, Random},
    examine_app_database_url,
    keyring::Keyring,
    store::Db,
};

use crate::{
    Failure,
    config::Config,
    serve::{self, certificates},
};

/// Less than this is nearly full.
const SPARE_BYTES: u64 = 1 << 30;
/// A certificate that ends so soon should have been renewed.
const SPARE_DAYS: i64 = 7;

struct Report {
    wrong: usize,
}

impl Report {
    fn say(&mut self, what: &str, outcome: Result<String, String>) {
        match outcome {
            Ok(detail) => eprintln!("  ok     {what}: {detail}"),
            Err(advice) => {
                self.wrong += 1;
                eprintln!("  WRONG  {what}: {advice}");
            }
        }
    }
}

/// Checks everything and goes on after a failure.
pub async fn run(config: Config) -> Result<(), Failure> {
    let mut report = Report { wrong: 0 };
    report.say("configuration", Ok(format!("{} on {}", config.public_url, config.bind)));
    report.say("data directory", data_dir(&config));
    report.say("disk", disk(&config));
    report.say("key ring", keyring(&config));
    report.say("certificate", certificate(&config));
    report.say("database", database(&config).await);
    report.say("application databases", applications(&config).await);
    report.say("rates", rates(&config).await);
    report.say("usage journal", journal(&config).await);
    report.say("mail", mail(&config).await);
    report.say("clock", clock());
    if report.wrong == 0 { Ok(()) } else { Err(Failure(format!("{} things need attention.", report.wrong))) }
}

fn data_dir(config: &Config) -> Result<String, String> {
    let path = &config.data_dir;
    let probe = path.join(".doctor");
    std::fs::create_dir_all(path)
        .and_then(|()| std::fs::write(&probe, b""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| format!("{} cannot be written ({error}): give the user of mintreu the right to.", path.display()))?;
    Ok(path.display().to_string())
}

fn disk(config: &Config) -> Result<String, String> {
    let stat = rustix::fs::statvfs(&config.data_dir).map_err(|error| format!("free space cannot be read: {error}"))?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let gigabytes = free / (1 << 30);
    if free < SPARE_BYTES { Err(format!("only {} MB are free: make room.", free / (1 << 20))) } else { Ok(format!("{gigabytes} GB free")) }
}

fn keyring(config: &Config) -> Result<String, String> {
    let Ok(meta) = std::fs::metadata(&config.keyring) else {
        return Ok(format!("{} will be made at the first start", config.keyring.display()));
    };
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(format!("{} is readable by others: chmod 600 it.", config.keyring.display()));
    }
    Keyring::open_or_create(&config.keyring, &Random::system())
        .map(|ring| format!("{} signing keys", ring.signing().len()))
        .map_err(|error| Failure::new("restore it from a backup", &error).0)
}

fn certificate(config: &Config) -> Result<String, String> {
    let Some(found) = certificates(config).map_err(|failure| failure.0)? else {
        return Ok("none: TLS ends at a proxy in front".to_owned());
    };
    let validity = found.validity();
    let (from, until, now) = (DateTime::<Utc>::from(validity.from), DateTime::<Utc>::from(validity.until), Clock::system().system_now());
    if now < from {
        Err(format!("it is valid from {from} on only: check the system's clock."))
    } else if until - now < TimeDelta::days(SPARE_DAYS) {
        Err(format!("it is valid until {until}: renew it."))
    } else {
        Ok(format!("fits its key, valid until {until}"))
    }
}

async fn database(config: &Config) -> Result<String, String> {
    if let Some(path) = config.database_url.strip_prefix("sqlite:")
        && !std::path::Path::new(path).exists()
    {
        return Ok("SQLite, will be made at the first start".to_owned());
    }
    let db = Db::open(&config.database_url)
        .await
        .map_err(|error| Failure::new("check MINTREU_DATABASE_URL and that the server runs", &error).0)?;
    db.ping().await.map_err(|error| Failure::new("it does not answer", &error).0)?;
    match db.pending_migrations().await {
        Ok(0) => Ok(format!("{}, up to date", db.engine())),
        Ok(pending) => Err(format!("{pending} migrations are missing: run mintreu migrate.")),
        Err(error) => Err(Failure::new("migrations cannot be read", &error).0),
    }
}

async fn applications(config: &Config) -> Result<String, String> {
    let Some(url) = &config.app_database_url else { return Ok("SQLite files in the data directory".to_owned()) };
    let master = examine_app_database_url(url)
        .await
        .map_err(|error| Failure::new("check MINTREU_APP_DATABASE_URL and that the server runs", &error).0)?;
    let lacks: Vec<_> = [(master.creates_databases, "CREATEDB"), (master.creates_roles, "CREATEROLE")]
        .into_iter()
        .filter_map(|(may, attribute)| (!may).then_some(attribute))
        .collect();
    if lacks.is_empty() {
        return Ok(format!("PostgreSQL {}, where {} may create databases and roles", master.version, master.role));
    }
    let (role, lacks) = (master.role.replace('"', "\"\""), lacks.join(" "));
    Err(format!("{} may not create databases and roles: as a superuser, run ALTER ROLE \"{role}\" {lacks}.", master.role))
}

async fn rates(config: &Config) -> Result<String, String> {
    let Some(redis) = &config.redis else { return Ok("each replica limits them by itself".to_owned()) };
    let checked = redis.check().await;
    checked.map_err(|error| format!("Redis cannot be asked ({error}): check MINTREU_REDIS_URL and that the server runs."))?;
    Ok("replicas share them by Redis".to_owned())
}

/// What waits there is normal while the program runs; what stays is not.
async fn journal(config: &Config) -> Result<String, String> {
    let directory = config.journal_dir();
    let segments = mintreu_gateway::inspect_journal(&directory)
        .map_err(|error| format!("{} cannot be read ({error}): give the user of mintreu the right to.", directory.display()))?;
    let damaged = segments.iter().filter(|segment| segment.damaged).count();
    if damaged > 0 {
        return Err(format!("{damaged} files are damaged: what can be read is counted at the next start, and they are set aside."));
    }
    if segments.is_empty() {
        return Ok(format!("nothing waits, durability {}", config.journal_durability));
    }
    let control = serve::open_beside(config, false).await.map_err(|error| error.0)?;
    let mut waiting = 0;
    for segment in &segments {
        let counted = control.usage_position(segment.segment).await.map_err(|error| Failure::new("positions cannot be read", &error).0)?;
        waiting += segment.end.saturating_sub(u64::try_from(counted).unwrap_or(0));
    }
    control.db.close().await;
    let aside = std::fs::read_dir(directory.join("damaged")).map_or(0, Iterator::count);
    let detail = format!("{} files, {} kB wait to be counted, durability {}", segments.len(), waiting / 1024, config.journal_durability);
    if aside > 0 { Ok(format!("{detail}; {aside} damaged files were set aside")) } else { Ok(detail) }
}

async fn mail(config: &Config) -> Result<String, String> {
    let Some(url) = &config.smtp_url else { return Ok("no SMTP server: mail is kept at /admin/mail".to_owned()) };
    let transport: lettre::AsyncSmtpTransport<lettre::Tokio1Executor> = lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(url)
        .map_err(|error| format!("MINTREU_SMTP_URL cannot be used: {error}"))?
        .build();
    match transport.test_connection().await {
        Ok(true) => Ok("the SMTP server answers".to_owned()),
        Ok(false) => Err("the SMTP server refused: check MINTREU_SMTP_URL.".to_owned()),
        Err(error) => Err(format!("the SMTP server does not answer: {error}")),
    }
}

fn clock() -> Result<String, String> {
    let now = Clock::system().system_now();
    if now.year() < 2026 { Err(format!("it is not {now}: set the system's clock.")) } else { Ok(now.to_rfc3339()) }
}
