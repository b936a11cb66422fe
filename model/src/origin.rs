//! Origins of pages that call from a browser (RFC 6454), as browsers write them.

/// Every origin.
pub const ANY: &str = "*";

/// The origin as browsers send it: lower case, without a port that goes without saying. `None` when
/// it is none that pages over `https`, or those of a developer on the same machine, have.
#[must_use]
pub fn normalise(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    if text == ANY {
        return Some(text);
    }
    let (scheme, authority, usual) = match text.split_once("://")? {
        ("https", authority) => ("https", authority, 443),
        ("http", authority) => ("http", authority, 80),
        _ => return None,
    };
    let (host, port) = split(authority.strip_suffix('/').unwrap_or(authority))?;
    if !(is_host(host) && (scheme == "https" || matches!(host, "localhost" | "127.0.0.1" | "[::1]"))) {
        return None;
    }
    Some(match port {
        Some(port) if port != usual => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    })
}

fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => authority.split_at(end + 1),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if port.is_empty() {
        return Some((host, None));
    }
    let digits = port.strip_prefix(':').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((host, Some(digits.parse().ok().filter(|port| *port != 0)?)))
}

/// A name as the DNS has it, or an address. Names in other scripts have a spelling that begins with `xn--`.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_becomes_what_browsers_send() {
        for (typed, sent) in [
            (" https://Shop.Example ", "https://shop.example"),
            ("https://shop.example:443/", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            ("http://localhost:5173", "http://localhost:5173"),
            ("http://localhost:80", "http://localhost"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
            ("*", "*"),
        ] {
            assert_eq!(normalise(typed).as_deref(), Some(sent), "{typed}");
        }
    }

    #[test]
    fn what_no_page_has_as_its_origin_is_refused() {
        for typed in [
            "",
            "null",
            "shop.example",
            "http://shop.example",
            "ftp://shop.example",
            "https://",
            "https://shop.example/path",
            "https://shop.example?q",
            "https://shop.example#f",
            "https://user@shop.example",
            "https://*.shop.example",
            "https://shop..example",
            "https://-shop.example",
            "https://shop.example:",
            "https://shop.example:0",
            "https://shop.example:65536",
            "https://shop.example:+1",
            "https://shöp.example",
            "https://[::g]",
            "https://a b",
            "https://a\nb",
        ] {
            assert_eq!(normalise(typed), None, "{typed}");
        }
    }
}
