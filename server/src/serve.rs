//! `mintreu serve`: both planes behind one port, until SIGTERM.

use std::{fs::File, net::SocketAddr, os::unix::fs::DirBuilderExt as _, sync::Arc, time::Duration};

use axum::{Router, body::Body as AxumBody, middleware};
use futures_util::future::BoxFuture;
use http::{Request, Response, request::Parts};
use leptos::prelude::provide_context;
use mintreu_app::context::{ApiReference, DeviceInfo};
use mintreu_control::{
    Actor, Control,
    clock::{Clock, Random},
    jobs::Worker,
    keyring::Keyring,
    store::Db,
};
use mintreu_gateway::{BoxBody, Certificates, ConnInfo, Gateway, Listener, RequestBody};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutBody;
use tower_sessions::Session;

use crate::{
    Failure,
    config::Config,
    csv, events,
    forms::Flashes,
    operations, palette, plane, rest,
    session::{self, Identify},
    web::{self, SiteFiles, WebState},
};

/// Serves until the process is told to stop.
pub async fn run(config: Config, migrate: bool) -> Result<(), Failure> {
    let opened = open(&config, migrate).await?;
    let server = Server::bind(config, opened.control.clone())?;
    eprintln!("Mintreu is ready at {}", server.public_url());
    server.run(stop_signal()).await
}

/// `mintreu migrate`.
pub async fn migrate(config: Config) -> Result<(), Failure> {
    let opened = open(&config, true).await?;
    opened.control.db.close().await;
    eprintln!("The database is up to date.");
    Ok(())
}

const NOT_OPENED: &str = "the platform's database cannot be opened";

/// The domain, and what must stay open while it is used.
pub struct Opened {
    pub control: Control,
    _lock: Option<File>,
}

/// Opens the data directory, the key ring and the database, and keeps others off a SQLite file.
pub async fn open(config: &Config, migrate: bool) -> Result<Opened, Failure> {
    make_data_dir(config)?;
    let lock = config.is_sqlite().then(|| lock(config)).transpose()?;
    Ok(Opened { control: open_beside(config, migrate).await?, _lock: lock })
}

/// Private: it holds mail with live links, and the files of applications.
fn make_data_dir(config: &Config) -> Result<(), Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .map_err(|error| Failure::new(&format!("the data directory {} cannot be made", config.data_dir.display()), &error))?;
    Ok(())
}

/// The same beside a program that serves: for one short change from the command line.
pub async fn open_beside(config: &Config, migrate: bool) -> Result<Control, Failure> {
    make_data_dir(config)?;
    let random = Random::system();
    let keyring = Keyring::open_or_create(&config.keyring, &random)
        .map_err(|error| Failure::new(&format!("{}", config.keyring.display()), &error))?;
    let url = config.database_url.clone();
    // SQLite's threads are as urgent as the one that starts them: they shall be the control plane's.
    let opening = tokio::spawn(async move { Db::open(&url).await.map_err(|error| Failure::new(NOT_OPENED, &error)) });
    let db = opening.await.map_err(|error| Failure::new(NOT_OPENED, &error))??;
    if migrate || config.is_sqlite() {
        db.migrate().await.map_err(|error| Failure::new("the database cannot be migrated", &error))?;
    } else if db.pending_migrations().await.map_err(|error| Failure::new("the database cannot be read", &error))? > 0 {
        return Err(Failure("The database lacks migrations: run mintreu migrate, or serve with --migrate.".to_owned()));
    }
    let control = Control::new(db, Clock::system(), random, keyring, config.control());
    control.load_clock().await.map_err(|error| Failure::new("the database cannot be read", &error))?;
    Ok(control)
}

/// One process at a time on SQLite files: the lock lives as long as the file is open.
fn lock(config: &Config) -> Result<File, Failure> {
    let path = config.data_dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Failure::new(&format!("{} cannot be opened", path.display()), &error))?;
    file.try_lock().map_err(|_| {
        Failure(format!(
            "Another mintreu is running on {}: stop it first, or give this one a MINTREU_DATA_DIR of its own.",
            config.data_dir.display()
        ))
    })?;
    Ok(file)
}

/// A bound port and all that will answer on it.
pub struct Server {
    config: Config,
    control: Control,
    gateway: Gateway,
    listener: Listener,
    certificates: Option<Arc<Certificates>>,
}

impl Server {
    /// Takes the port.
    pub fn bind(config: Config, control: Control) -> Result<Self, Failure> {
        let gateway = plane::gateway(&control, &config)?;
        let certificates = certificates(&config)?.map(Arc::new);
        raise_open_files();
        let mut listener = Listener::bind(config.bind, gateway.settings().workers)
            .map_err(|error| Failure::new(&format!("{} cannot be used (MINTREU_BIND)", config.bind), &error))?;
        if let Some(certificates) = &certificates {
            listener = listener.with_tls(Arc::clone(certificates));
        }
        Ok(Self { config, control, gateway, listener, certificates })
    }

    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.config.public_url
    }

    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.listener.local_addr()
    }

    /// Serves until `stop`, then drains: no new calls, running ones finish, usage is handed over.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), Failure> {
        let Self { config, control, gateway, listener, certificates } = self;
        let accepting = CancellationToken::new();
        let working = CancellationToken::new();
        if let Err(error) = plane::load_catalogue(&control, &gateway).await {
            tracing::warn!(error = %Failure::new("the catalogue could not be loaded", &error), "calls are refused until it can");
        }
        // What an earlier process left is counted before the first call; where that fails the
        // flusher goes on trying, and billable calls wait for it.
        gateway.flush().await;
        let background = [
            tokio::spawn(plane::tell_of_life(control.clone(), gateway.clone(), working.clone())),
            tokio::spawn(plane::follow_changes(control.clone(), gateway.clone(), working.clone())),
            tokio::spawn({
                let (gateway, working) = (gateway.clone(), working.clone());
                async move { gateway.run_flusher(working).await }
            }),
            tokio::spawn({
                let (gateway, working) = (gateway.clone(), working.clone());
                async move { gateway.run_prober(working).await }
            }),
            tokio::spawn({
                let (worker, working) = (Worker::new(control.clone()), working.clone());
                async move { worker.run(working).await }
            }),
        ];
        if let Some(certificates) = certificates {
            tokio::spawn(reload_on_hangup(Arc::clone(&certificates), working.clone()));
            tokio::spawn({
                let working = working.clone();
                async move { certificates.follow(working).await }
            });
        }
        tokio::spawn({
            let accepting = accepting.clone();
            async move {
                stop.await;
                tracing::info!("stopping: running calls finish, new ones are refused");
                accepting.cancel();
            }
        });
        let router = router(&config, &control, &gateway, accepting.clone());
        let served = listener
            .serve(gateway, Arc::new(ControlService(router)), tokio::runtime::Handle::current(), accepting)
            .await
            .map_err(|error| Failure::new("the gateway stopped", &error));
        working.cancel();
        for task in background {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task ended badly");
            }
        }
        control.db.close().await;
        served
    }
}

/// Each call has two connections; the soft limit of most systems is for programs that use `select`.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// What clients meet by TLS, where it is configured.
pub(crate) fn certificates(config: &Config) -> Result<Option<Certificates>, Failure> {
    let Some((chain, key)) = &config.tls else { return Ok(None) };
    let loaded = Certificates::load(chain, key).map_err(|error| Failure(format!("{error} (MINTREU_TLS_CERT, MINTREU_TLS_KEY)")))?;
    let now = std::time::SystemTime::now();
    if now > loaded.validity().until || now < loaded.validity().from {
        tracing::warn!(chain = %chain.display(), "the certificate is not valid today: clients will refuse it");
    }
    Ok(Some(loaded))
}

/// SIGHUP: the certificate is read again at once. It also keeps the signal from ending the program.
async fn reload_on_hangup(certificates: Arc<Certificates>, working: CancellationToken) {
    let Ok(mut hangup) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) else { return };
    while working.run_until_cancelled(hangup.recv()).await.flatten().is_some() {
        if let Err(error) = certificates.reload() {
            tracing::warn!(%error, "the former certificate stays in use");
        }
    }
}

/// Everything that is not the gateway's.
pub fn router(config: &Config, control: &Control, gateway: &Gateway, stopping: CancellationToken) -> Router {
    let files = SiteFiles::find();
    let identify = Identify {
        control: control.clone(),
        trusted_proxies: config.trusted_proxies.clone().into(),
        assets: files.assets.clone(),
        secure: config.is_secure(),
    };
    let provide = {
        let control = control.clone();
        let reference = ApiReference(rest::docs::content(&config.public_url).into());
        move |parts: &Parts| {
            provide_context(control.clone());
            provide_context(reference.clone());
            provide_context(parts.extensions.get::<Option<Actor>>().cloned().flatten());
            provide_context(parts.extensions.get::<DeviceInfo>().cloned().unwrap_or_default());
            if let Some(session) = parts.extensions.get::<Session>() {
                provide_context(session.clone());
            }
        }
    };
    let state = WebState {
        files,
        flash: Arc::new(Flashes::new(control.clone())),
        secure: config.is_secure(),
        styleguide: !config.is_secure(),
        provide: Arc::new(provide),
    };
    let beside = events::router(control.clone(), stopping).merge(csv::router(control.clone())).merge(palette::router(control.clone()));
    let sessions = session::layer(control, config);
    let unsaved = middleware::from_fn_with_state(state.files.assets.clone(), session::unsaved);
    let people = web::router(state, beside, |pages| {
        pages.layer(middleware::from_fn_with_state(identify, session::identify)).layer(sessions).layer(unsaved)
    });
    let trusted_proxies: Arc<[ipnet::IpNet]> = config.trusted_proxies.clone().into();
    let api = rest::router(control.clone()).layer(middleware::from_fn_with_state(trusted_proxies, session::locate));
    Router::new()
        .nest("/api/v1", api)
        .merge(operations::router(control.clone(), gateway.clone(), config.metrics_token.clone()))
        .fallback_service(people)
}

/// How long a client may pause within a body.
const BODY_IDLE: Duration = Duration::from_secs(30);

/// The axum router as the gateway's other side.
struct ControlService(Router);

impl mintreu_gateway::Control for ControlService {
    fn call(&self, request: Request<RequestBody>, connection: ConnInfo) -> BoxFuture<'static, Response<BoxBody>> {
        let router = self.0.clone();
        let mut request = request.map(|body| AxumBody::new(TimeoutBody::new(BODY_IDLE, body)));
        request.extensions_mut().insert(connection);
        Box::pin(async move {
            let response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            response.map(|body| BoxBody::new(http_body_util::BodyExt::map_err(body, Into::into)))
        })
    }
}

/// SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    let interrupted = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        }
        Err(_) => drop(interrupted.await),
    }
}
