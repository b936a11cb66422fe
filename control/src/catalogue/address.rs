//! Where services may not live: link-local networks and the addresses under which clouds hand out
//! credentials. Literal addresses are refused when a service is written; what a name resolves to
//! is checked by whoever connects.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Metadata services outside of the link-local networks: Alibaba, Azure's wire server, Oracle, AWS over IPv6.
const METADATA: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
];

/// Whether an address is link-local or of a metadata service.
#[must_use]
pub fn is_forbidden_address(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    METADATA.contains(&address)
        || match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_multicast(),
        }
}

/// The IPv4 address inside a mapped, compatible or NAT64 one.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, second, third, fourth, fifth, sixth, high, low] = address.segments();
    let nat64 = (first, second, third, fourth, fifth, sixth) == (0x64, 0xff9b, 0, 0, 0, 0);
    let compatible = [first, second, third, fourth, fifth, sixth] == [0; 6] && (high, low) > (0, 1);
    if nat64 || compatible {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        return Some(Ipv4Addr::new(a, b, c, d));
    }
    address.to_ipv4_mapped()
}

/// The literal address in a URL, in whatever spelling; none for a name.
pub(super) fn literal(url: &reqwest::Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_metadata_address_is_seen_through() {
        for bad in [
            "http://169.254.169.254/",
            "http://169.254.1.1:80",
            "http://2852039166/",
            "http://0xa9fea9fe",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::169.254.169.254]/",
            "http://[64:ff9b::169.254.169.254]/",
            "http://[fe80::1]/",
            "http://[febf::1]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200",
        ] {
            let address = literal(&bad.parse().unwrap()).unwrap();
            assert!(is_forbidden_address(address), "{bad}");
        }
    }

    #[test]
    fn loopback_private_and_public_addresses_are_for_the_operator_to_choose() {
        for good in ["http://127.0.0.1:4001", "http://[::1]:4001", "http://10.0.0.5", "http://[fd12::5]", "http://203.0.113.9"] {
            assert!(!is_forbidden_address(literal(&good.parse().unwrap()).unwrap()), "{good}");
        }
        assert_eq!(literal(&"http://shop.internal:4001".parse().unwrap()), None);
    }
}
