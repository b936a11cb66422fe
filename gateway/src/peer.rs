//! Where a call comes from: the socket's peer, or what a trusted proxy says about it.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderName, HeaderValue};
use ipnet::IpNet;

use crate::{message::Fields, settings::Settings};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The client as the service and the address lists see it.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) ip: IpAddr,
    pub(crate) proto: &'static str,
    pub(crate) host: HeaderValue,
}

impl Origin {
    pub(crate) fn new(settings: &Settings, headers: &Fields, peer: SocketAddr, host: HeaderValue) -> Self {
        let peer = peer.ip().to_canonical();
        let trusted = |ip: &IpAddr| settings.trusted_proxies.iter().any(|net| net.contains(ip));
        let secure = settings.issuer.starts_with("https:");
        let own = if secure { "https" } else { "http" };
        if !trusted(&peer) {
            return Self { ip: peer, proto: own, host };
        }
        let proto = headers
            .get(&FORWARDED_PROTO)
            .map_or(own, |given| if given.as_bytes().eq_ignore_ascii_case(b"https") { "https" } else { "http" });
        Self { ip: client(headers, peer, trusted), proto, host }
    }
}

/// The last address that no trusted proxy stands behind: what is further left anybody may write.
fn client(headers: &Fields, peer: IpAddr, trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let lines: Vec<&str> = headers.get_all(&FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
    let mut nearest = peer;
    for given in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Ok(ip) = given.trim().parse::<IpAddr>() else { return nearest };
        nearest = ip.to_canonical();
        if !trusted(&nearest) {
            return nearest;
        }
    }
    nearest
}

/// Whether `ip` is in a list that, when empty, allows everyone.
pub(crate) fn is_allowed(networks: &[IpNet], ip: IpAddr) -> bool {
    networks.is_empty() || networks.iter().any(|net| net.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &str, forwarded: &[&str]) -> String {
        let settings = Settings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Settings::default() };
        let mut headers = Fields::default();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        Origin::new(&settings, &headers, peer, HeaderValue::from_static("h")).ip.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_one_step_at_a_time() {
        assert_eq!(origin("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(origin("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(origin("10.0.0.1", &["6.6.6.6, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(origin("10.0.0.1", &["6.6.6.6", "198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(origin("10.0.0.1", &["junk"]), "10.0.0.1");
        assert_eq!(origin("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }
}
