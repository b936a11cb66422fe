//! As much of HTTP/1.1 as the load and the service of the bench need: no allocation for each call,
//! because what they use is taken from the servers that are measured.

use anyhow::{Context as _, Result, bail};

use crate::keys::{AUTHORIZATION, Key};

/// What the service of the bench answers, always.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 62\r\n\r\n\
    {\"sku\":\"4711\",\"name\":\"A thing\",\"price\":1999,\"currency\":\"EUR\"}\n";

/// Requests that differ in their credential only.
pub(crate) struct Requests {
    buffer: Vec<u8>,
    place: usize,
    credentials: Vec<[u8; AUTHORIZATION]>,
}

impl Requests {
    pub(crate) fn new(path: &str, keys: impl Iterator<Item = Key>) -> Result<Self> {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench/1\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nAuthorization: "
        );
        let place = head.len();
        let credentials = keys.map(credential).collect::<Result<Vec<_>>>()?;
        let mut buffer = head.into_bytes();
        buffer.resize(place + AUTHORIZATION, b' ');
        buffer.extend_from_slice(b"\r\n\r\n");
        Ok(Self { buffer, place, credentials })
    }

    pub(crate) fn count(&self) -> usize {
        self.credentials.len()
    }

    /// The bytes of a request with the credential of that number.
    pub(crate) fn number(&mut self, number: usize) -> &[u8] {
        let slot = self.buffer.get_mut(self.place..self.place + AUTHORIZATION);
        if let (Some(slot), Some(credential)) = (slot, self.credentials.get(number)) {
            slot.copy_from_slice(credential);
        }
        &self.buffer
    }
}

fn credential(key: Key) -> Result<[u8; AUTHORIZATION]> {
    key.authorization().as_bytes().try_into().context("a credential of another length")
}

/// One answer, read piece by piece.
#[derive(Default)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// Takes in what came; true when the answer is whole.
    ///
    /// # Errors
    /// When it is none, or not a 2xx.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<bool> {
        if self.bytes.is_empty() && is_whole(piece)? {
            return Ok(true);
        }
        self.bytes.extend_from_slice(piece);
        let whole = is_whole(&self.bytes)?;
        if whole {
            self.bytes.clear();
        }
        Ok(whole)
    }
}

fn is_whole(bytes: &[u8]) -> Result<bool> {
    let Some(head) = head(bytes) else { return Ok(false) };
    if bytes.get(9) != Some(&b'2') {
        bail!("the answer is\n{}", String::from_utf8_lossy(bytes));
    }
    let length: usize = field(head, "content-length").context("an answer without a length")?.parse()?;
    match bytes.len().cmp(&(head.len() + length)) {
        std::cmp::Ordering::Less => Ok(false),
        std::cmp::Ordering::Equal => Ok(true),
        std::cmp::Ordering::Greater => bail!("more than one answer to one request"),
    }
}

/// The head with the empty line at its end.
pub(crate) fn head(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    bytes.get(..end + 4)
}

pub(crate) fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (given, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":").filter(|_| given.eq_ignore_ascii_case(name.as_bytes()))?;
        std::str::from_utf8(value).ok().map(str::trim)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_answers_as_long_as_it_says() {
        assert!(is_whole(ANSWER).unwrap());
    }

    #[test]
    fn an_answer_in_pieces_is_whole_at_its_end() {
        let mut answer = Answer::default();
        for byte in ANSWER.get(..ANSWER.len() - 1).unwrap() {
            assert!(!answer.push(&[*byte]).unwrap());
        }
        assert!(answer.push(b"\n").unwrap());
        assert!(answer.push(ANSWER).unwrap());
    }

    #[test]
    fn a_refusal_is_an_error() {
        assert!(Answer::default().push(b"HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
