use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> RoutePattern {
    text.parse().unwrap()
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

#[test]
fn a_placeholder_takes_one_segment_and_the_tail_takes_the_rest() {
    let order = pattern("/v1/orders/{id}");
    assert!(order.matches(b"/v1/orders/7"));
    for path in ["/v1/orders", "/v1/orders/", "/v1/orders/7/", "//v1/orders/7", "/v1//orders/7"] {
        assert!(!order.matches(path.as_bytes()), "{path}");
    }
    let tail = pattern("/v1/{*rest}");
    assert!(tail.matches(b"/v1/"));
    assert!(tail.matches(b"/v1/a//b"));
    assert!(!tail.matches(b"/v1"));
    assert!(pattern("/").matches(b"/"));
    assert!(!pattern("/").matches(b"//"));
    assert!(pattern("/{*rest}").matches(b"/"));
}

#[test]
fn a_pattern_that_cannot_be_meant_is_refused_with_a_reason() {
    for text in ["", "v1", "/v1/../x", "/{}", "/{*a}/b", "/{a}b", "/a b", "/.Mintreu/x", "/%zz", "/a?b"] {
        assert!(text.parse::<RoutePattern>().is_err(), "{text}");
    }
}

#[test]
fn every_spelling_of_a_walk_around_is_refused() {
    use PathRefused::{Backslash, ControlByte, DotSegment, EncodedSlash, InvalidEscape, NotAbsolute, Reserved};
    for (path, why) in [
        ("", NotAbsolute),
        ("v1", NotAbsolute),
        ("/v1/../admin", DotSegment),
        ("/v1/.", DotSegment),
        ("/v1/..", DotSegment),
        ("/v1/%2e%2E/admin", DotSegment),
        ("/v1/.%2e/admin", DotSegment),
        ("/v1/%252e%252e/admin", DotSegment),
        ("/v1/%252e%252e;%25zz/admin", DotSegment),
        ("/v1/a%2500", ControlByte),
        ("/v1/%25252525252525252525", InvalidEscape),
        ("/v1/..;x=1/admin", DotSegment),
        ("/v1/..%3bx/admin", DotSegment),
        ("/v1/a\\b", Backslash),
        ("/v1/a%5cb", Backslash),
        ("/v1/a%5Cb", Backslash),
        ("/v1/%00", ControlByte),
        ("/v1/\u{1}", ControlByte),
        ("/v1/%0d%0a", ControlByte),
        ("/v1/a%2fb", EncodedSlash),
        ("/.mintreu/v1", Reserved),
        ("/v1//.MINTREU/v1", Reserved),
        ("/%2eMintreu/v1", Reserved),
        ("/.%6dintreu", Reserved),
        ("/.mintreu;a/v1", Reserved),
        ("/v1/%", InvalidEscape),
        ("/v1/%2", InvalidEscape),
        ("/v1/%g0", InvalidEscape),
    ] {
        assert_eq!(check_path(path.as_bytes(), false), Err(why), "{path}");
    }
}

#[test]
fn an_encoded_slash_is_let_through_only_as_a_slash() {
    assert_eq!(check_path(b"/files/a%2Fb", true), Ok(()));
    assert_eq!(check_path(b"/files/a%2F..%2Fb", true), Err(PathRefused::DotSegment));
    assert_eq!(check_path(b"/files%2F.mintreu%2Fv1", true), Err(PathRefused::Reserved));
}

#[test]
fn ordinary_paths_pass() {
    for path in ["/", "/v1/orders", "/a//b", "/a.b/..c/...", "/%E2%82%AC", "/100%25", "/a;b=c", "/a%20b"] {
        assert_eq!(check_path(path.as_bytes(), false), Ok(()), "{path}");
    }
}

#[test]
fn a_scope_limits_methods_and_paths() {
    assert!(scope("*").allows("DELETE", b"/x"));
    let read = scope("GET /v1/{*rest}");
    assert!(read.allows("GET", b"/v1/orders"));
    assert!(read.allows("HEAD", b"/v1/orders"));
    assert!(!read.allows("POST", b"/v1/orders"));
    assert!(!read.allows("GET", b"/v2/orders"));
    assert!(scope("* /v1/orders").allows("PATCH", b"/v1/orders"));
    assert!("orders:read".parse::<Scope>().is_err());
    assert!("get /v1".parse::<Scope>().is_err());
}

#[test]
fn a_scope_covers_what_is_narrower() {
    let wide = scope("GET /v1/{*rest}");
    assert!(wide.covers(&scope("GET /v1/orders/{id}")));
    assert!(!wide.covers(&scope("* /v1/orders")));
    assert!(!wide.covers(&scope("*")));
    assert!(!scope("GET /v1/{id}").covers(&scope("GET /v1/{*rest}")));
    assert!(scope("*").covers(&wide));
    assert_eq!(scope("GET:/v1/orders").to_string(), "GET /v1/orders");
    assert_eq!(scope("GET /v1/orders").to_token(), "GET:/v1/orders");
}

#[test]
fn a_rule_reads_from_json_and_refuses_what_it_does_not_know() {
    let rule: RouteRule = serde_json::from_str(r#"{"methods":["GET"],"path":"/v1/{id}"}"#).unwrap();
    assert!(!rule.allow_encoded_slash);
    assert_eq!(rule.validate(), Ok(()));
    assert!(rule.allows_method("HEAD") && !rule.allows_method("POST"));
    assert!(serde_json::from_str::<RouteRule>(r#"{"methods":[],"path":"/","x":1}"#).is_err());
    let nonsense = RouteRule { methods: vec!["get".to_owned()], ..rule.clone() };
    assert!(nonsense.validate().is_err());
    assert!(RouteRule { methods: Vec::new(), ..rule }.validate().is_err());
}

fn resolve(path: &[u8]) -> Vec<Vec<u8>> {
    let mut resolved: Vec<Vec<u8>> = Vec::new();
    for segment in path.split(|byte| matches!(byte, b'/' | b'\\')) {
        match segment {
            b".." => drop(resolved.pop()),
            b"." | b"" => {}
            name => resolved.push(name.to_ascii_lowercase()),
        }
    }
    resolved
}

fn decode(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, escape) {
            out.push(byte);
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

proptest! {
    #[test]
    fn no_accepted_path_leaves_its_prefix_however_it_is_decoded(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("."), Just("/"), Just("%2e"), Just("%2E"), Just("%2f"), Just("\\"), Just("%5c"),
                Just("a"), Just("%25"), Just("2e"), Just("2f"), Just(";"), Just("mintreu"), Just("%6d"),
            ], 0..12),
        allow in any::<bool>(),
    ) {
        let path = format!("/v1/{}", parts.concat());
        if check_path(path.as_bytes(), allow).is_ok() && pattern("/v1/{*rest}").matches(path.as_bytes()) {
            let once = decode(path.as_bytes());
            for seen in [path.as_bytes(), &once, &decode(&once)] {
                let resolved = resolve(seen);
                prop_assert_eq!(resolved.first().map(Vec::as_slice), Some(b"v1".as_slice()));
                prop_assert!(!resolved.contains(&b".mintreu".to_vec()));
            }
        }
    }

    #[test]
    fn the_check_never_panics(path in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = check_path(&path, false);
        let _ = check_path(&path, true);
    }

    #[test]
    fn a_pattern_reads_back_what_it_wrote(text in "(/([a-z]{0,3}|\\{[a-z]\\})){1,4}") {
        let parsed = pattern(&text);
        prop_assert_eq!(parsed.to_string(), text);
    }
}
