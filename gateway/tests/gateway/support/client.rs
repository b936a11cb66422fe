//! A client that sends exactly the bytes it is given and reads one answer at a time.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
};

use super::PATIENCE;

pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    /// False when the connection broke before the body was whole.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// Checks everything that a problem must have.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str, source: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        for field in ["type", "title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        assert_eq!(self.header("mintreu-error-source"), source);
    }
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.reader.get_mut().write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Sends what it can: the other side may have closed already.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes.as_ref())
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.reader.get_mut()
    }

    pub(crate) fn leave(self) {
        let _ = self.reader.get_ref().shutdown(Shutdown::Both);
    }

    /// One answer to a request whose method has a body in its answer.
    pub(crate) fn receive(&mut self) -> Answer {
        let mut answer = self.head();
        self.body(&mut answer);
        answer
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn head(&mut self) -> Answer {
        let line = self.line();
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
        let headers = self.fields();
        Answer { status, headers, body: Vec::new(), trailers: Vec::new(), whole: true }
    }

    fn fields(&mut self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { return fields };
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = self.line();
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let mut data = vec![0; size];
        self.reader.read_exact(&mut data).ok()?;
        if size > 0 {
            self.line();
        }
        Some(data)
    }

    fn body(&mut self, answer: &mut Answer) {
        if matches!(answer.status, 204 | 304) || answer.status < 200 {
            return;
        }
        if let Some(length) = answer.all("content-length").first() {
            let length: usize = length.parse().unwrap();
            answer.body = vec![0; length];
            answer.whole = self.reader.read_exact(&mut answer.body).is_ok();
        } else if answer.all("transfer-encoding") == ["chunked"] {
            loop {
                match self.chunk() {
                    None => {
                        answer.whole = false;
                        return;
                    }
                    Some(data) if data.is_empty() => break,
                    Some(data) => answer.body.extend(data),
                }
            }
            answer.trailers = self.fields();
        } else {
            self.reader.read_to_end(&mut answer.body).unwrap();
        }
    }

    pub(crate) fn exact(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// The same, or nothing when the connection has ended.
    pub(crate) fn try_exact(&mut self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.reader.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Whether the other side has closed, once what it sent is read.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        self.reader.read_to_end(&mut rest).is_ok() && rest.is_empty()
    }
}
