//! `mintreu demo`: a believable company, then `serve`. Everything is made by the operations that
//! people use, with business time moved into the past, so that what is shown was computed; only
//! the ninety days of usage are written as sums. A data directory that has the company is left as
//! it is. `company.rs` says who there is, `fill.rs` how it comes to be, `history.rs` the traffic.

mod company;
mod fill;
mod history;
mod shop;

use std::{io::Write as _, net::SocketAddr, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use mintreu_control::Control;
use mintreu_model::status::ApplicationStatus;
use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    config::Config,
    serve::{self, Server},
};

/// Provisioning of the whole company takes a few seconds; a broken machine should say so.
const PATIENCE: Duration = Duration::from_mins(1);

/// What `{data}/demo.json` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    pub url: String,
    pub admin: Login,
    pub tenant: TenantLogin,
    pub applications: Vec<Access>,
    /// Works as pasted.
    pub curl: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    pub email: String,
    pub password: String,
    /// Of the REST API.
    pub token: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TenantLogin {
    pub id: String,
    pub email: String,
    pub password: String,
    pub token: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Access {
    pub product: String,
    pub id: String,
    pub client_id: String,
    pub client_secret: String,
}

/// Fills, serves, and says where to go.
pub async fn run(config: Config) -> Result<(), Failure> {
    let opened = serve::open(&config, true).await?;
    let control = opened.control.clone();
    let shop = shop::start(&config).await?;
    let path = config.data_dir.join("demo.json");
    let summary = prepare(&config, &control, &path, shop.address).await?;
    let server = Server::bind(config, control.clone())?;
    let ready = tokio::spawn(announce(control, summary));
    let outcome = server.run(serve::stop_signal()).await;
    ready.abort();
    drop(shop);
    outcome
}

/// The company, new or from before.
async fn prepare(config: &Config, control: &Control, path: &Path, shop: SocketAddr) -> Result<Summary, Failure> {
    let summary = if let Ok(bytes) = std::fs::read(path) {
        let kept: Summary =
            serde_json::from_slice(&bytes).map_err(|error| Failure::new("demo.json is damaged: remove the data directory", &error))?;
        fill::point_at(control, &kept.admin.token, shop).await?;
        with_url(kept, &config.public_url, &config.gateway_url())
    } else if fill::is_empty(control).await? {
        eprintln!("Filling {} with a company …", config.data_dir.display());
        fill::fill(&fill::seeded(control), config, shop).await?
    } else {
        return Err(Failure(format!(
            "{} holds data, but no demonstration that was finished: remove it, or give this one a MINTREU_DATA_DIR of its own.",
            config.data_dir.display()
        )));
    };
    let text = serde_json::to_vec_pretty(&summary).map_err(|error| Failure::new("demo.json cannot be written", &error))?;
    let written = std::fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(path);
    written.and_then(|mut file| file.write_all(&text)).map_err(|error| Failure::new("demo.json cannot be written", &error))?;
    Ok(summary)
}

/// The addresses may differ from last time's.
fn with_url(mut summary: Summary, public_url: &str, gateway_url: &str) -> Summary {
    public_url.clone_into(&mut summary.url);
    if let Some(access) = summary.applications.first() {
        summary.curl = curl(gateway_url, access);
    }
    summary
}

fn curl(gateway_url: &str, access: &Access) -> String {
    format!(
        "curl -i {gateway_url}/products/{}/v1/orders -u {}:{} -H 'Content-Type: application/json' -d '{}'",
        access.product,
        access.client_id,
        access.client_secret,
        company::FIRST_ORDER
    )
}

/// Waits until every application has come out of provisioning, then prints where to go.
async fn announce(control: Control, summary: Summary) {
    let settled = tokio::time::timeout(PATIENCE, settled(&control, &summary.admin.token)).await;
    if !matches!(settled, Ok(Ok(()))) {
        eprintln!("Some applications are still being made; the admin panel shows what they wait for.");
    }
    eprintln!(
        "\nMintreu is ready: {url}\n\n  Super admin   {admin}  {admin_password}   {url}/admin\n  Tenant owner  {tenant}  {tenant_password}   {url}/login\n\nMake an order in {tenant}'s shop:\n\n{curl}\n",
        url = summary.url,
        admin = summary.admin.email,
        admin_password = summary.admin.password,
        tenant = summary.tenant.email,
        tenant_password = summary.tenant.password,
        curl = summary.curl,
    );
}

async fn settled(control: &Control, token: &str) -> mintreu_control::Result<()> {
    let admin = control.authenticate_token(token, None).await?;
    let operator = control.operate(&admin)?;
    let query = mintreu_model::list::ListQuery { status: Some(ApplicationStatus::Provisioning.as_str().to_owned()), ..Default::default() };
    while control.list_any_applications(&operator, &query).await?.total > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
