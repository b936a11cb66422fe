//! Large bodies pass through small memory, at the pace of whoever is slower.

use std::{io::Write as _, thread};

use crate::support::{Service, World, service::After};

const TOTAL: usize = 256 << 20;
const PIECE: usize = 1 << 20;

/// The most memory that this process has ever held, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[test]
fn a_quarter_of_a_gigabyte_streams_both_ways_through_bounded_memory() {
    let service = Service::start(|exchange| {
        if exchange.seen.line.starts_with("GET") {
            exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {TOTAL}\r\n\r\n"));
            let piece = vec![7; PIECE];
            for _ in 0..TOTAL / PIECE {
                exchange.write(&piece);
            }
        } else {
            let mut buffer = vec![0; PIECE];
            let mut left = TOTAL;
            while left > 0 {
                let read = exchange.read(&mut buffer);
                assert!(read > 0, "{left} bytes are missing");
                left -= read;
            }
            exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
        After::Keep
    });
    let world = World::new(&service);
    let before = peak();

    let mut client = world.client();
    client.send(format!("GET /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}\r\n", world.key.basic()));
    assert_eq!(client.head().header("content-length"), TOTAL.to_string());
    for _ in 0..TOTAL / PIECE {
        assert!(client.exact(PIECE).iter().all(|byte| *byte == 7));
    }

    client.send(format!("POST /products/shop/v1 HTTP/1.1\r\nHost: gw\r\n{}Content-Length: {TOTAL}\r\n\r\n", world.key.basic()));
    let mut stream = client.stream().try_clone().unwrap();
    let upload = thread::spawn(move || {
        let piece = vec![7; PIECE];
        for _ in 0..TOTAL / PIECE {
            stream.write_all(&piece).unwrap();
        }
    });
    assert_eq!(client.receive().text(), "ok");
    upload.join().unwrap();

    let grown = peak().saturating_sub(before);
    // Other tests run in this process too; unbounded would be the whole body.
    assert!(grown < 128 << 20, "grew by {} MiB", grown >> 20);
    let mut bytes: Vec<_> = world.usage_of(2).iter().map(|record| (record.bytes_in, record.bytes_out)).collect();
    bytes.sort_unstable();
    let total = u64::try_from(TOTAL).unwrap();
    assert_eq!(bytes, [(0, total), (total, 2)]);
}
