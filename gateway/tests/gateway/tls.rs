//! TLS at the gateway's own port.

use std::{sync::Arc, time::Duration};

use mintreu_gateway::{Certificates, Settings};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{
    client::TlsStream,
    rustls::version::{TLS12, TLS13},
};

use crate::support::{
    Service, World,
    http2::{Http2, wait},
    tls::{Authority, connect, connect_by},
};

fn world(service: &Service, certificates: &Arc<Certificates>, settings: impl FnOnce(&mut Settings)) -> World {
    World::before(service.address, settings, |_| {}, Some(Arc::clone(certificates)))
}

/// Sends a call in HTTP/1.1 and reads its answer.
fn call(stream: &mut TlsStream<TcpStream>, world: &World) -> String {
    let request = format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic());
    wait(async {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        while !read.ends_with(b"GET /v1 HTTP/1.1") {
            let mut piece = [0; 4096];
            let length = stream.read(&mut piece).await.unwrap();
            assert!(length > 0, "{}", String::from_utf8_lossy(&read));
            read.extend(&piece[..length]);
        }
        String::from_utf8(read).unwrap()
    })
}

/// RFC 9113 §3.2, RFC 7301.
#[test]
fn the_protocol_is_agreed_on_and_http_1_where_nothing_is_said() {
    let (authority, service) = (Authority::new(), Service::plain());
    let certificates = authority.issue("localhost").files().load();
    let world = world(&service, &certificates, |_| {});
    for protocols in [&["http/1.1"][..], &[]] {
        let mut stream = connect(world.address, authority.root(), protocols).unwrap();
        for _ in 0..2 {
            assert!(call(&mut stream, &world).starts_with("HTTP/1.1 200 OK\r\n"));
        }
    }
    let stream = connect(world.address, authority.root(), &["h2", "http/1.1"]).unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut client = Http2::over(stream);
    assert_eq!(client.call(world.request("GET", "/products/shop/v1").body(()).unwrap()).text(), "GET /v1 HTTP/1.1");
    let login = http::Request::post("https://gw/login").body(()).unwrap();
    assert_eq!(client.call_with(login, "abc").text(), "dashboard /login 3");
    for version in [&TLS12, &TLS13] {
        connect_by(world.address, authority.root(), &[], &[version]).unwrap();
    }
    assert!(connect(world.address, authority.root(), &["spdy/3"]).is_err());
}

#[test]
fn who_speaks_http_to_the_port_of_https_is_told() {
    let service = Service::plain();
    let certificates = Authority::new().issue("localhost").files().load();
    let world = world(&service, &certificates, |_| {});
    let mut client = world.client();
    client.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\nX-Long: {}\r\n\r\n", "y".repeat(8_000)));
    assert_eq!(client.line(), "HTTP/1.1 400 Bad Request");
    while !client.line().is_empty() {}
    assert_eq!(client.exact(32), b"This port speaks https, not http");
    assert!(client.is_closed());
    assert!(service.seen().is_empty());
}

#[test]
fn a_handshake_that_does_not_end_is_given_up() {
    let service = Service::plain();
    let (authority, short) = (Authority::new(), Duration::from_millis(100));
    let certificates = authority.issue("localhost").files().load();
    let world = world(&service, &certificates, |settings| settings.handshake_timeout = short);
    for begin in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut silent = world.client();
        silent.send(begin);
        assert!(silent.is_closed());
    }
    let mut stream = connect(world.address, authority.root(), &[]).unwrap();
    assert!(call(&mut stream, &world).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_new_certificate_is_met_by_new_connections_and_a_bad_one_by_none() {
    let service = Service::plain();
    let (old, new) = (Authority::new(), Authority::new());
    let files = old.issue("localhost").files();
    let certificates = files.load();
    let world = world(&service, &certificates, |_| {});
    let mut kept = connect(world.address, old.root(), &[]).unwrap();
    assert!(!certificates.changed());
    let issued = new.issue_for("localhost", 2021, 2099);
    issued.write(&files);
    assert!(certificates.changed());
    certificates.reload().unwrap();
    assert!(!certificates.changed());
    assert!(connect(world.address, old.root(), &[]).is_err());
    assert!(call(&mut connect(world.address, new.root(), &[]).unwrap(), &world).starts_with("HTTP/1.1 200"));
    assert!(call(&mut kept, &world).starts_with("HTTP/1.1 200"));
    let year = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 31_556_952 + 1970;
    assert_eq!((year(certificates.validity().from), year(certificates.validity().until)), (2021, 2099));

    // Only one of the files has been replaced so far.
    std::fs::write(&files.key, old.issue("localhost").key).unwrap();
    let sentence = certificates.reload().unwrap_err().to_string();
    assert!(sentence.contains("does not belong to"), "{sentence}");
    assert!(call(&mut connect(world.address, new.root(), &[]).unwrap(), &world).starts_with("HTTP/1.1 200"));
}

#[test]
fn each_file_that_cannot_be_used_is_named_in_one_sentence() {
    let issued = Authority::new().issue("localhost");
    let files = issued.files();
    let (chain, key) = (files.chain.clone(), files.key.clone());
    let missing = chain.with_file_name("missing.pem");
    let junk = chain.with_file_name("junk.pem");
    std::fs::write(&junk, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let others = Authority::new().issue("localhost").files();
    let other = others.key.clone();
    for (chain, key, named) in [
        (&missing, &key, "missing.pem"),
        (&chain, &missing, "missing.pem"),
        (&junk, &key, "junk.pem"),
        (&key, &key, "key.pem"),
        (&chain, &chain, "chain.pem"),
        (&chain, &other, "key.pem"),
    ] {
        let sentence = Certificates::load(chain, key).unwrap_err().to_string();
        assert!(sentence.contains(named) && sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
    }
}
