//! Calls that the platform makes to services. Redirects are never followed, no proxy is used, and
//! link-local and metadata addresses are refused where the operator does not allow them: literal
//! addresses by `check`, names when they are resolved, for the very connection that is then made.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use reqwest::{
    Certificate, Client, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use crate::{Error, Result, catalogue::is_forbidden_address};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client for services. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    /// None where no client could be made: then nothing is called, rather than without the guards.
    client: Option<Client>,
    allow_link_local: bool,
}

impl Outbound {
    /// `authorities`: a PEM file of those that are believed beside the public ones.
    pub(crate) fn new(allow_link_local: bool, authorities: Option<&Path>) -> Self {
        let client =
            Self::build(allow_link_local, authorities).inspect_err(|error| tracing::error!(%error, "services cannot be called")).ok();
        Self { client, allow_link_local }
    }

    fn build(allow_link_local: bool, authorities: Option<&Path>) -> std::result::Result<Client, Box<dyn std::error::Error>> {
        let mut builder = Client::builder();
        if let Some(path) = authorities {
            for certificate in Certificate::from_pem_bundle(&std::fs::read(path)?)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .dns_resolver(Arc::new(Resolver { allow_link_local }))
            .user_agent(concat!("mintreu/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(client)
    }

    pub(crate) fn client(&self) -> Result<&Client> {
        self.client.as_ref().ok_or_else(|| Error::internal("services cannot be called", "no client could be made at start"))
    }

    /// The address, where it may be called.
    pub(crate) fn check(&self, url: &str) -> Result<Url> {
        let url = Url::parse(url).map_err(|cause| Error::internal("the address of a service cannot be read", cause))?;
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        if !self.allow_link_local && literal.is_some_and(is_forbidden_address) {
            return Err(Error::internal("the address of a service is refused", format!("{url} is link-local")));
        }
        Ok(url)
    }
}

struct Resolver {
    allow_link_local: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = self.allow_link_local;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> = found.filter(|address| allow || !is_forbidden_address(address.ip())).collect();
            if usable.is_empty() {
                return Err(format!("{} has no address that may be called", name.as_str()).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_are_not_called_and_loopback_is() {
        let outbound = Outbound::new(false, None);
        for refused in ["http://169.254.169.254/x", "http://2852039166/", "http://[fe80::1]/", "http://[fd00:ec2::254]/"] {
            assert!(outbound.check(refused).is_err(), "{refused}");
        }
        for fine in ["http://127.0.0.1:4001", "http://[::1]:4001/", "http://10.0.0.8/", "https://orders.example/base"] {
            assert!(outbound.check(fine).is_ok(), "{fine}");
        }
        assert!(Outbound::new(true, None).check("http://169.254.1.1/").is_ok());
    }
}
