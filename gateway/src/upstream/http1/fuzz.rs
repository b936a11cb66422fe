//! Answers as bytes, for the fuzzer: however they are cut by the network, they mean the same.

use bytes::{Bytes, BytesMut};
use http::Method;

use super::head;
use crate::http1::{Framing, Malformed, Piece};

const PLANTED: bool = cfg!(planted);

/// What an answer came to.
#[derive(Debug, PartialEq, Eq)]
struct Meaning {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    trailers: Vec<(String, Vec<u8>)>,
    /// Bytes after the end; none where the answer has not ended.
    after: Option<Vec<u8>>,
}

/// An answer to a GET or, when the first byte is odd, to a HEAD.
pub(crate) fn answer(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let method = if first % 2 == 1 { Method::HEAD } else { Method::GET };
    let at_once = read(data, data.len().max(1), &method);
    let in_pieces = read(data, 1, &method);
    if let (Ok(at_once), Ok(in_pieces)) = (&at_once, &in_pieces) {
        assert_eq!(at_once, in_pieces, "an answer that is cut means something else");
    }
    assert_eq!(at_once.is_err(), in_pieces.is_err(), "an answer that is cut is judged otherwise");
}

fn read(data: &[u8], piece: usize, method: &Method) -> Result<Option<Meaning>, Malformed> {
    let mut buffer = BytesMut::new();
    let mut meaning: Option<Meaning> = None;
    let mut framing = Framing::Over;
    let mut over = false;
    for more in data.chunks(piece) {
        buffer.extend_from_slice(more);
        if meaning.is_none() {
            let Some(head) = head::take(&mut buffer, method)? else { continue };
            framing = head.framing;
            let fields = lines(&head.fields);
            meaning = Some(Meaning { status: head.status.as_u16(), fields, body: Vec::new(), trailers: Vec::new(), after: None });
        }
        let Some(meaning) = &mut meaning else { continue };
        while !over {
            match framing.next(&mut buffer)? {
                Piece::Data(data) => {
                    over = framing.is_over();
                    add(&mut meaning.body, &data);
                }
                Piece::Trailers(fields) => {
                    meaning.trailers = lines(&fields.into());
                    over = true;
                }
                Piece::End => over = true,
                Piece::Missing => {
                    // As one would have it who takes what is there for all.
                    over = PLANTED && piece > 1;
                    break;
                }
            }
        }
    }
    if over && let Some(meaning) = &mut meaning {
        meaning.after = Some(buffer.to_vec());
    }
    Ok(meaning)
}

fn add(body: &mut Vec<u8>, data: &Bytes) {
    assert!(!data.is_empty(), "a piece of nothing");
    body.extend_from_slice(data);
}

fn lines(fields: &crate::message::Fields) -> Vec<(String, Vec<u8>)> {
    fields.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(data: &str, piece: usize) -> Result<Meaning, Malformed> {
        read(data.as_bytes(), piece, &Method::GET).map(|meaning| meaning.expect("a whole head"))
    }

    #[test]
    fn a_truncated_answer_has_no_end() {
        for data in
            ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"]
        {
            assert_eq!(get(data, 7).unwrap().after, None, "{data}");
            answer(format!(" {data}").as_bytes());
        }
    }

    #[test]
    fn an_answer_means_the_same_however_it_is_cut() {
        for (data, body, after) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world", "hello", ", world"),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2,2\r\n\r\nok", "ok", ""),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n00a\r\n, world!!!\r\n0\r\n\r\nHTTP",
                "hello, world!!!",
                "HTTP",
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\nX-Sum: 1\r\n\r\n", "a", ""),
            ("HTTP/1.1 204 No Content\r\n\r\nrest", "", "rest"),
        ] {
            let whole = get(data, data.len()).unwrap();
            assert_eq!((String::from_utf8_lossy(&whole.body).as_ref(), whole.after.as_deref()), (body, Some(after.as_bytes())), "{data}");
            for piece in 1..data.len() {
                assert_eq!(get(data, piece).unwrap(), whole, "{data} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_may_be_read_in_two_ways_is_refused() {
        for fields in [
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5, 6",
            "Content-Length: +5",
            "Content-Length: ",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "X-Folded: a\r\n b",
            "X Spaced: a",
        ] {
            assert!(get(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n0\r\n\r\n"), 1000).is_err(), "{fields}");
        }
        assert!(get("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1000).is_err());
        for chunks in [
            "+5\r\nhello\r\n",
            "0x5\r\nhello\r\n",
            "\r\n",
            "5\nhello\r\n",
            "5\rhello\r\n",
            "5\r\nhello!\r\n",
            "fffffffffffffffff\r\n",
            "5 x\r\nhello",
        ] {
            assert!(get(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"), 1000).is_err(), "{chunks:?}");
        }
        let endless = "a".repeat(300_000);
        assert!(get(&format!("HTTP/1.1 200 OK\r\nX-A: {endless}"), 10_000).is_err());
        assert!(get(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;{endless}"), 10_000).is_err());
    }
}
