//! Configuration: a TOML file, overridden by the environment. Every key of the file is a variable
//! `MINTREU_…` in lower case. What is unknown, empty or nonsense is refused at start with one
//! sentence that names the key. To add one, add it to `KEYS` and read it in `Config::from_values`.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use mintreu_gateway::{CacheSettings, Durability, RateStore};

/// Keys that this program knows.
const KEYS: &[&str] = &[
    "bind",
    "public_url",
    "data_dir",
    "database_url",
    "app_database_url",
    "redis_url",
    "api_host",
    "tls_cert",
    "tls_key",
    "service_ca",
    "journal_durability",
    "answer_cache",
    "grant_cache",
    "smtp_url",
    "keyring",
    "trusted_proxies",
    "metrics_token",
    "log",
    "test_clock",
    "allow_link_local_services",
];

/// Keys of the interface whose feature this version does not have.
const LATER: &[(&str, &str)] = &[
    ("stripe_secret_key", "there are no payments yet"),
    ("stripe_webhook_secret", "there are no payments yet"),
    ("stripe_api_base", "there are no payments yet"),
    ("apps_domain", "there are no hosted applications yet"),
];

/// Variables that belong to other programs of this repository.
const FOREIGN: &[&str] = &["MINTREU_SHOP_", "MINTREU_TEST_POSTGRES", "MINTREU_TEST_TALLY", "MINTREU_E2E_"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

#[derive(Debug, Clone)]
pub struct Config {
    pub bind: SocketAddr,
    /// Without a slash at the end.
    pub public_url: String,
    pub data_dir: PathBuf,
    pub database_url: String,
    pub app_database_url: Option<String>,
    /// By what replicas share the rates of applications.
    pub redis: Option<RateStore>,
    pub api_host: Option<String>,
    /// PEM files of the certificate chain and its key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// PEM file of authorities that services' certificates may be from, beside the public ones.
    pub service_ca: Option<PathBuf>,
    pub journal_durability: Durability,
    /// Bytes of answers that the gateway keeps, of products where it is switched on.
    pub answer_cache: u64,
    pub grant_cache: usize,
    pub smtp_url: Option<String>,
    pub keyring: PathBuf,
    pub trusted_proxies: Vec<IpNet>,
    /// Lets others than this machine read `/metrics`.
    pub metrics_token: Option<String>,
    pub log: Option<LogFormat>,
    pub test_clock: bool,
    pub allow_link_local_services: bool,
}

/// Why the configuration cannot be used, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

type Result<T> = std::result::Result<T, ConfigError>;

fn refuse<T>(sentence: impl Into<String>) -> Result<T> {
    Err(ConfigError(sentence.into()))
}

/// Values with the name under which their owner wrote them.
#[derive(Debug, Default)]
struct Values(BTreeMap<String, (String, String)>);

impl Values {
    fn insert(&mut self, key: &str, name: String, value: &str) -> Result<()> {
        if let Some((_, instead)) = LATER.iter().find(|(later, _)| *later == key) {
            return refuse(format!("{name} is not supported by this version: remove it and {instead}."));
        }
        if !KEYS.contains(&key) {
            return refuse(format!("{name} is not a key that Mintreu knows: check its spelling or remove it."));
        }
        if value.trim().is_empty() {
            return refuse(format!("{name} is empty: give it a value or remove it."));
        }
        self.0.insert(key.to_owned(), (name, value.trim().to_owned()));
        Ok(())
    }

    fn text(&self, key: &str) -> Option<String> {
        self.0.get(key).map(|(_, value)| value.clone())
    }

    fn parse<T>(&self, key: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        match self.0.get(key) {
            None => Ok(None),
            Some((name, value)) => match read(value) {
                Some(parsed) => Ok(Some(parsed)),
                // Addresses of servers carry passwords; this sentence goes to a log.
                None if key == "metrics_token" || (key.ends_with("_url") && key != "public_url") => {
                    refuse(format!("{name} should be {expected}."))
                }
                None => refuse(format!("{name} is “{value}”, but should be {expected}.")),
            },
        }
    }
}

impl Config {
    /// Reads `file`, then the environment over it.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let mut values = Values::default();
        if let Some(path) = file {
            let text =
                std::fs::read_to_string(path).map_err(|error| ConfigError(format!("{} cannot be read: {error}.", path.display())))?;
            let table: toml::Table =
                toml::from_str(&text).map_err(|error| ConfigError(format!("{} is not TOML: {}.", path.display(), error.message())))?;
            for (key, value) in table {
                let name = format!("{key} in {}", path.display());
                let value = match value {
                    toml::Value::String(text) => text,
                    toml::Value::Integer(number) => number.to_string(),
                    toml::Value::Boolean(switch) => u8::from(switch).to_string(),
                    toml::Value::Array(items) => items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","),
                    _ => return refuse(format!("{name} should be text, a number, true or false.")),
                };
                values.insert(&key, name, &value)?;
            }
        }
        for (name, value) in environment {
            let Some(key) = name.strip_prefix("MINTREU_") else { continue };
            if FOREIGN.iter().any(|foreign| name.starts_with(foreign)) {
                continue;
            }
            values.insert(&key.to_lowercase(), name.clone(), &value)?;
        }
        Self::from_values(&values)
    }

    fn from_values(values: &Values) -> Result<Self> {
        let bind = values
            .parse("bind", "an address and port, as in 127.0.0.1:3000", |text| text.parse::<SocketAddr>().ok())?
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000)));
        let tls = match (values.text("tls_cert"), values.text("tls_key")) {
            (None, None) => None,
            (Some(chain), Some(key)) => Some((PathBuf::from(chain), PathBuf::from(key))),
            (Some(_), None) => return refuse("MINTREU_TLS_KEY is missing: a certificate is of no use without its key."),
            (None, Some(_)) => return refuse("MINTREU_TLS_CERT is missing: a key is of no use without its certificate."),
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let public_url = values
            .parse("public_url", "http:// or https:// with a host and no path", origin)?
            .unwrap_or_else(|| format!("{scheme}://{bind}"));
        if tls.is_some() && public_url.starts_with("http://") {
            return refuse("MINTREU_PUBLIC_URL begins with http://, but with MINTREU_TLS_CERT everything is served by https://.");
        }
        let data_dir = values.text("data_dir").map_or_else(|| PathBuf::from("./data"), PathBuf::from);
        let database_url = values
            .parse("database_url", "sqlite:PATH or postgres://…", |text| {
                ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)).then(|| text.to_owned())
            })?
            .unwrap_or_else(|| format!("sqlite:{}", data_dir.join("platform.sqlite3").display()));
        let app_database_url = values.parse(
            "app_database_url",
            "postgres://user:password@host:5432/database, with none of these behind a question mark",
            |text| mintreu_control::check_app_database_url(text).is_ok().then(|| text.to_owned()),
        )?;
        if database_url.starts_with("postgres") && app_database_url.is_none() {
            return refuse(
                "MINTREU_APP_DATABASE_URL is missing: with a platform database on PostgreSQL, application databases need a server too.",
            );
        }
        let api_host = values.parse("api_host", "a host name, with a port if it needs one", |text| {
            (!text.contains(['/', '@', ' '])).then(|| text.to_ascii_lowercase())
        })?;
        if public_url.starts_with("https://") && api_host.is_none() {
            return refuse(
                "MINTREU_API_HOST is missing: under https the gateway answers on a host of its own, so that a service can never act as the dashboard.",
            );
        }
        Ok(Self {
            bind,
            keyring: values.text("keyring").map_or_else(|| data_dir.join("keyring"), PathBuf::from),
            redis: values.parse("redis_url", "redis://user:password@host:6379/0, without TLS", |text| text.parse().ok())?,
            journal_durability: values
                .parse("journal_durability", "process or strict", |text| match text {
                    "process" => Some(Durability::Process),
                    "strict" => Some(Durability::Strict),
                    _ => None,
                })?
                .unwrap_or_default(),
            answer_cache: values
                .parse("answer_cache", "MiB, a number from 1 to 65536", |text| {
                    text.parse::<u64>().ok().filter(|mebibytes| (1..=65_536).contains(mebibytes)).map(|mebibytes| mebibytes << 20)
                })?
                .unwrap_or(CacheSettings::default().total_bytes),
            grant_cache: values
                .parse("grant_cache", "a number from 100 to 10000000", |text| {
                    text.parse().ok().filter(|entries| (100..=10_000_000).contains(entries))
                })?
                .unwrap_or(200_000),
            smtp_url: values.parse("smtp_url", "smtp://… or smtps://…", |text| text.starts_with("smtp").then(|| text.to_owned()))?,
            trusted_proxies: values
                .parse("trusted_proxies", "addresses or networks separated by commas", |text| text.split(',').map(network).collect())?
                .unwrap_or_default(),
            metrics_token: values.parse("metrics_token", "at least 16 letters, digits or signs without a space", |text| {
                (text.len() >= 16 && text.bytes().all(|b| b.is_ascii_graphic())).then(|| text.to_owned())
            })?,
            log: values.parse("log", "pretty or json", |text| match text {
                "pretty" => Some(LogFormat::Pretty),
                "json" => Some(LogFormat::Json),
                _ => None,
            })?,
            test_clock: values.parse("test_clock", "1 or 0", switch)?.unwrap_or(false),
            allow_link_local_services: values.parse("allow_link_local_services", "1 or 0", switch)?.unwrap_or(false),
            service_ca: values.text("service_ca").map(PathBuf::from),
            public_url,
            data_dir,
            database_url,
            app_database_url,
            api_host,
            tls,
        })
    }

    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.database_url.starts_with("sqlite:")
    }

    /// Where the gateway writes usage before it is counted.
    #[must_use]
    pub fn journal_dir(&self) -> PathBuf {
        self.data_dir.join("journal")
    }

    /// Whether cookies may travel over https only.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Where tenants' programs send their calls.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        match (&self.api_host, self.public_url.split_once("://")) {
            (Some(host), Some((scheme, _))) => format!("{scheme}://{host}"),
            _ => self.public_url.clone(),
        }
    }

    /// The same for the domain.
    #[must_use]
    pub fn control(&self) -> mintreu_control::Config {
        mintreu_control::Config {
            public_url: self.public_url.clone(),
            gateway_url: self.gateway_url(),
            data_dir: self.data_dir.clone(),
            app_database_url: self.app_database_url.clone(),
            smtp_url: self.smtp_url.clone(),
            test_clock: self.test_clock,
            allow_link_local_services: self.allow_link_local_services,
            service_ca: self.service_ca.clone(),
        }
    }
}

fn origin(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let (scheme, host) = text.split_once("://")?;
    let whole = matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
    whole.then(|| text.to_owned())
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(Into::into))
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config> {
        Config::load(None, pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn nothing_configured_is_sqlite_on_loopback() {
        let config = load(&[]).unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:3000");
        assert_eq!(config.database_url, "sqlite:./data/platform.sqlite3");
        assert!(!config.is_secure());
    }

    #[test]
    fn each_mistake_is_one_sentence_that_names_the_key() {
        for (pairs, named) in [
            (&[("MINTREU_BIN", "x")][..], "MINTREU_BIN"),
            (&[("MINTREU_BIND", "3000")], "MINTREU_BIND"),
            (&[("MINTREU_BIND", " ")], "MINTREU_BIND"),
            (&[("MINTREU_TEST_CLOCK", "yes")], "MINTREU_TEST_CLOCK"),
            (&[("MINTREU_PUBLIC_URL", "example.com")], "MINTREU_PUBLIC_URL"),
            (&[("MINTREU_PUBLIC_URL", "https://example.com")], "MINTREU_API_HOST"),
            (&[("MINTREU_TLS_CERT", "/c.pem")], "MINTREU_TLS_KEY"),
            (&[("MINTREU_TLS_KEY", "/k.pem")], "MINTREU_TLS_CERT"),
            (&[("MINTREU_TLS_CERT", "/c.pem"), ("MINTREU_TLS_KEY", "/k.pem")], "MINTREU_API_HOST"),
            (
                &[("MINTREU_TLS_CERT", "/c.pem"), ("MINTREU_TLS_KEY", "/k.pem"), ("MINTREU_PUBLIC_URL", "http://x.example")],
                "MINTREU_PUBLIC_URL",
            ),
            (&[("MINTREU_DATABASE_URL", "postgres://x/y")], "MINTREU_APP_DATABASE_URL"),
            (&[("MINTREU_REDIS_URL", "rediss://x")], "MINTREU_REDIS_URL"),
        ] {
            let sentence = load(pairs).unwrap_err().to_string();
            assert!(sentence.contains(named) && sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn with_a_certificate_the_public_url_is_https() {
        let files = [("MINTREU_TLS_CERT", "/c.pem"), ("MINTREU_TLS_KEY", "/k.pem"), ("MINTREU_API_HOST", "api.example.com")];
        assert_eq!(load(&files).unwrap().public_url, "https://127.0.0.1:3000");
    }

    #[test]
    fn a_refused_address_of_a_server_is_not_repeated() {
        for (name, value) in [
            ("MINTREU_DATABASE_URL", "mysql://u:secret@h/db"),
            ("MINTREU_METRICS_TOKEN", "secret"),
            ("MINTREU_APP_DATABASE_URL", "postgresx://u:secret@h/db"),
            ("MINTREU_REDIS_URL", "http://u:secret@h"),
            ("MINTREU_REDIS_URL", "redis://u:secret@h/first"),
            ("MINTREU_APP_DATABASE_URL", "postgres://u:secret@h:port/db"),
            ("MINTREU_APP_DATABASE_URL", "postgres://h/db?user=u&password=secret"),
        ] {
            let sentence = load(&[(name, value)]).unwrap_err().to_string();
            assert!(sentence.starts_with(name) && !sentence.contains("secret") && sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let file = std::env::temp_dir().join(format!("mintreu-config-{}.toml", std::process::id()));
        std::fs::write(&file, "bind = \"127.0.0.1:4000\"\ntest_clock = true\ngrant_cache = 500\nanswer_cache = 2\n").unwrap();
        let environment = [("MINTREU_BIND".to_owned(), "127.0.0.1:5000".to_owned())];
        let config = Config::load(Some(&file), environment.into_iter()).unwrap();
        assert_eq!(config.bind.port(), 5000);
        assert!(config.test_clock);
        assert_eq!((config.grant_cache, config.answer_cache), (500, 2 << 20));
        std::fs::remove_file(file).unwrap();
    }
}
