//! The program: reads its flags, serves until told to stop.

use std::io::Write as _;
use std::net::SocketAddr;

use clap::Parser;
use mintreu_kit::Config;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// E-commerce API: a service for Mintreu Platform.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The address to listen on.
    #[arg(long, env = "MINTREU_SHOP_BIND", default_value = "127.0.0.1:4001")]
    bind: SocketAddr,
    /// Where the platform's signing keys are fetched.
    #[arg(long, env = "MINTREU_SHOP_PLATFORM_URL", default_value = "http://127.0.0.1:3000")]
    platform_url: String,
    /// The issuer that identities must name: the platform's public URL. The platform URL unless set.
    #[arg(long, env = "MINTREU_SHOP_ISSUER")]
    issuer: Option<String>,
    /// The slug under which the service is registered.
    #[arg(long, env = "MINTREU_SHOP_SLUG", default_value = "ecommerce-service")]
    slug: String,
    /// What is logged: error, warn, info, debug, trace, or per module.
    #[arg(long, env = "MINTREU_SHOP_LOG", default_value = "info")]
    log: String,
    /// How many applications' databases are held open at once.
    #[arg(long, env = "MINTREU_SHOP_MAX_DATABASES", default_value_t = 64)]
    max_databases: usize,
    /// Connections to each of them.
    #[arg(long, env = "MINTREU_SHOP_CONNECTIONS", default_value_t = 4)]
    connections: u32,
    /// Print how the service is registered, as JSON, and exit.
    #[arg(long)]
    describe: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    if options.describe {
        std::io::stdout().write_all(mintreu_shop::REGISTRATION.as_bytes())?;
        return Ok(());
    }
    tracing_subscriber::fmt().with_env_filter(EnvFilter::try_new(&options.log)?).with_writer(std::io::stderr).init();
    let mut config = Config::new(&options.slug, &options.platform_url);
    if let Some(issuer) = &options.issuer {
        config = config.issuer(issuer);
    }
    config.max_databases = options.max_databases;
    config.connections_per_database = options.connections;
    let listener = TcpListener::bind(options.bind).await?;
    tracing::info!(address = %listener.local_addr()?, slug = options.slug, "serving");
    mintreu_kit::serve(listener, mintreu_shop::router(config)).await?;
    Ok(())
}
