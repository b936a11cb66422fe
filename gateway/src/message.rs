//! A request and an answer between the two ends of the gateway, whatever version of HTTP they speak.
//! Their fields stand in a list: messages have few, and a look through them costs less than a table
//! that has to be made for each.

use std::borrow::Borrow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, request::Parts};

use crate::body::Body;

/// Fields that the gateway adds to an answer: the list shall not have to grow.
const OURS: usize = 8;

/// Room that a connection keeps for the fields of its next request.
pub(crate) const USUAL: usize = 32;

/// The fields of a message in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(Vec<(HeaderName, HeaderValue)>);

impl Fields {
    pub(crate) fn with_capacity(number: usize) -> Self {
        Self(Vec::with_capacity(number + OURS))
    }

    /// The same in memory of their own: what was read keeps all that was read with it.
    pub(crate) fn detached(&self) -> Self {
        self.iter().map(|(name, value)| (name.clone(), detached(value))).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub(crate) fn get(&self, name: impl Borrow<HeaderName>) -> Option<&HeaderValue> {
        self.0.iter().find(|(one, _)| one == name.borrow()).map(|(_, value)| value)
    }

    pub(crate) fn get_all(&self, name: impl Borrow<HeaderName>) -> impl Iterator<Item = &HeaderValue> {
        self.0.iter().filter(move |(one, _)| one == name.borrow()).map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, name: impl Borrow<HeaderName>) -> bool {
        self.get(name).is_some()
    }

    /// Adds a line, whatever stands there already.
    pub(crate) fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Puts a line in the place of all of that name.
    pub(crate) fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        let mut places = self.0.iter_mut().filter(|(one, _)| *one == name);
        match (places.next(), places.next()) {
            (None, _) => self.append(name, value),
            (Some((_, only)), None) => *only = value,
            (Some(_), Some(_)) => {
                self.remove(&name);
                self.append(name, value);
            }
        }
    }

    pub(crate) fn remove(&mut self, name: impl Borrow<HeaderName>) {
        self.retain(|one| one != name.borrow());
    }

    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&HeaderName) -> bool) {
        self.0.retain(|(name, _)| stays(name));
    }
}

/// A value in memory of its own.
pub(crate) fn detached(value: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone())
}

impl FromIterator<(HeaderName, HeaderValue)> for Fields {
    fn from_iter<I: IntoIterator<Item = (HeaderName, HeaderValue)>>(lines: I) -> Self {
        Self(lines.into_iter().collect())
    }
}

impl From<HeaderMap> for Fields {
    fn from(map: HeaderMap) -> Self {
        let mut fields = Self::with_capacity(map.len());
        let mut named = None;
        for (name, value) in map {
            // A name stands with the first of its lines.
            named = name.or(named);
            if let Some(name) = &named {
                fields.append(name.clone(), value);
            }
        }
        fields
    }
}

impl From<Fields> for HeaderMap {
    fn from(fields: Fields) -> Self {
        let mut map = Self::with_capacity(fields.len());
        for (name, value) in fields.0 {
            map.append(name, value);
        }
        map
    }
}

/// A request without its body.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
    /// Whether its connection can become a tunnel.
    pub(crate) may_upgrade: bool,
}

impl From<Parts> for Request {
    fn from(parts: Parts) -> Self {
        let Parts { method, uri, version, headers, .. } = parts;
        Self { method, uri, version, fields: headers.into(), may_upgrade: false }
    }
}

impl Request {
    /// Makes room for another, and holds on to nothing of this one.
    pub(crate) fn clear(&mut self) {
        self.fields.0.clear();
        self.fields.0.shrink_to(USUAL);
        self.uri = Uri::default();
    }

    /// All of it, for whoever handles it from here.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            method: std::mem::take(&mut self.method),
            uri: std::mem::take(&mut self.uri),
            version: self.version,
            fields: std::mem::take(&mut self.fields),
            may_upgrade: self.may_upgrade,
        }
    }

    /// In the words of others.
    pub(crate) fn with<B>(self, body: B) -> http::Request<B> {
        let mut request = http::Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.version_mut() = self.version;
        *request.headers_mut() = self.fields.into();
        request
    }
}

#[derive(Debug)]
pub(crate) struct Response<B = Body> {
    pub(crate) status: StatusCode,
    pub(crate) fields: Fields,
    pub(crate) body: B,
}

impl<B> Response<B> {
    pub(crate) fn new(status: StatusCode, body: B) -> Self {
        Self { status, fields: Fields::with_capacity(0), body }
    }
}

impl<B> From<http::Response<B>> for Response<B> {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status, fields: parts.headers.into(), body }
    }
}

impl<B> From<Response<B>> for http::Response<B> {
    fn from(response: Response<B>) -> Self {
        let Response { status, fields, body } = response;
        let mut response = Self::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = fields.into();
        response
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header;

    use super::*;

    #[test]
    fn lines_of_one_name_keep_their_order_both_ways() {
        let mut fields = Fields::default();
        for (name, value) in [(header::VIA, "a"), (header::AGE, "1"), (header::VIA, "b")] {
            fields.append(name, HeaderValue::from_static(value));
        }
        let fields = Fields::from(HeaderMap::from(fields));
        assert_eq!(fields.get_all(header::VIA).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(fields.len(), 3);
    }

    #[test]
    fn what_is_kept_keeps_nothing_else() {
        let read = Bytes::from(vec![b'x'; 8_000]);
        let mut fields = Fields::default();
        fields.append(header::VIA, HeaderValue::from_maybe_shared(read.slice(..3)).unwrap());
        let kept = fields.detached();
        assert_eq!(kept.get(header::VIA), fields.get(header::VIA));
        drop(fields);
        assert!(read.is_unique());
    }

    #[test]
    fn an_inserted_line_is_the_only_one() {
        let mut fields: Fields = ["a", "b"].map(|value| (header::VIA, HeaderValue::from_static(value))).into_iter().collect();
        fields.insert(header::VIA, HeaderValue::from_static("c"));
        assert_eq!(fields.get_all(header::VIA).collect::<Vec<_>>(), ["c"]);
        fields.remove(header::VIA);
        assert!(!fields.contains_key(header::VIA));
    }
}
