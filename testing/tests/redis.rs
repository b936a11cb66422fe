//! The throw-away Redis: it dies, freezes and comes back on the same port.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use mintreu_testing::Redis;

/// Whether it answers a ping.
fn answers(redis: &Redis) -> bool {
    ping(redis).is_ok_and(|answer| &answer == b"+PONG")
}

fn ping(redis: &Redis) -> io::Result<[u8; 5]> {
    let mut stream = TcpStream::connect(redis.url().trim_start_matches("redis://"))?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

#[test]
fn it_obeys_and_is_gone_when_it_is_dropped() {
    let mut redis = Redis::start().expect("Redis is installed");
    assert!(answers(&redis));
    redis.freeze().expect("it can be frozen");
    assert!(!answers(&redis));
    redis.thaw().expect("it can be thawed");
    assert!(answers(&redis));
    redis.crash().expect("it can be killed");
    assert!(!answers(&redis));
    redis.start_again().expect("it starts again");
    assert!(answers(&redis));
    let address = redis.url().trim_start_matches("redis://").to_owned();
    drop(redis);
    assert!(TcpStream::connect(address).is_err());
}
