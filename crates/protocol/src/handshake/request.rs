//! A request whose head is complete and well-formed.

use std::fmt;

use super::authority::{is_valid_host, is_valid_origin};
use super::refusal::Refusal;

/// The methods that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
}

/// A part of the head's text.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Where `part`, a slice of `whole`, lies in it.
    fn of(part: &[u8], whole: &str) -> Self {
        let start = part.as_ptr().addr() - whole.as_ptr().addr();
        Self { start, end: start + part.len() }
    }
}

/// A request without a body, whose Host and Origin are well-formed. The owner of the connection
/// decides whether they are welcome.
pub struct Request {
    /// The head, decoded from Latin-1.
    text: String,
    method: Method,
    path: String,
    headers: Vec<(Span, Span)>,
    host: Span,
    origin: Option<Span>,
}

impl Request {
    /// Parses a head with at most this many headers, including its empty line, and checks what
    /// every route needs.
    pub(super) fn parse(head: &[u8], headers: usize) -> Result<Self, Refusal> {
        let text: String = head.iter().copied().map(char::from).collect();
        let mut headers = vec![httparse::EMPTY_HEADER; headers];
        let mut parsed = httparse::Request::new(&mut headers);
        parsed.parse(text.as_bytes()).map_err(not_http)?;
        if parsed.version != Some(1) {
            return Err(not_http(httparse::Error::Version));
        }
        let method = match parsed.method {
            Some("GET") => Method::Get,
            Some("HEAD") => Method::Head,
            _ => {
                return Err(Refusal::new(405, "the method is neither GET nor HEAD")
                    .with_header("Allow", "GET, HEAD"));
            }
        };
        let (authority, path) = split_target(parsed.path.unwrap_or_default())?;
        let authority = authority.map(str::to_owned);
        let headers = parsed
            .headers
            .iter()
            .map(|header| (Span::of(header.name.as_bytes(), &text), Span::of(header.value, &text)))
            .collect();
        let nowhere = Span { start: 0, end: 0 };
        let mut request = Self { text, method, path, headers, host: nowhere, origin: None };
        request.check_ascii()?;
        request.check_host(authority.as_deref())?;
        request.check_origin()?;
        request.check_no_body()?;
        Ok(request)
    }

    /// GET or HEAD.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path with its query, as sent: `/a?b=c`. It begins with a slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The Host header, as sent: a name or an address, with or without a port.
    pub fn host(&self) -> &str {
        self.at(self.host)
    }

    /// The Origin header, as sent: `null`, or scheme, host and port. Browsers add it.
    pub fn origin(&self) -> Option<&str> {
        self.origin.map(|origin| self.at(origin))
    }

    /// The names, as sent, and the values, without the space around them, in order. A byte over 127
    /// is read as Latin-1.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|&(name, value)| (self.at(name), self.at(value)))
    }

    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Whether an Upgrade header names websocket.
    pub fn wants_upgrade(&self) -> bool {
        self.lists("Upgrade", "websocket")
    }

    /// The values of all headers of this name, in any case.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of the header of this name, if there is exactly one.
    pub(super) fn single(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// Whether the comma-separated lists of this name contain `token`, in any case.
    pub(super) fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|list| list.split(','))
            .any(|element| element.trim().eq_ignore_ascii_case(token))
    }

    fn at(&self, span: Span) -> &str {
        &self.text[span.start..span.end]
    }

    /// Headers that decide something are plain ASCII.
    fn check_ascii(&self) -> Result<(), Refusal> {
        let decides = |name: &str| {
            let name = name.to_ascii_lowercase();
            matches!(&*name, "host" | "origin" | "connection" | "upgrade")
                || name.starts_with("sec-")
        };
        if self.headers().any(|(name, value)| !value.is_ascii() && decides(name)) {
            return Err(Refusal::bad_request("a header has bytes over 127 where none may be"));
        }
        Ok(())
    }

    fn check_host(&mut self, authority: Option<&str>) -> Result<(), Refusal> {
        let host = self
            .single("Host")
            .ok_or_else(|| Refusal::bad_request("a request needs exactly one Host header"))?;
        if !is_valid_host(host) {
            return Err(Refusal::bad_request("the Host header is no host with an optional port"));
        }
        if authority.is_some_and(|authority| !authority.eq_ignore_ascii_case(host)) {
            return Err(Refusal::bad_request("the Host header is not the host of the target"));
        }
        self.host = Span::of(host.as_bytes(), &self.text);
        Ok(())
    }

    fn check_origin(&mut self) -> Result<(), Refusal> {
        let Some(origin) = self.header("Origin") else { return Ok(()) };
        if self.single("Origin").is_none() {
            return Err(Refusal::bad_request("a request has at most one Origin header"));
        }
        if !is_valid_origin(origin) {
            return Err(Refusal::bad_request(
                "the Origin header is neither null nor scheme://host with an optional port",
            ));
        }
        self.origin = Some(Span::of(origin.as_bytes(), &self.text));
        Ok(())
    }

    fn check_no_body(&self) -> Result<(), Refusal> {
        let has_body = self.header("Transfer-Encoding").is_some()
            || self.all("Content-Length").any(|length| length != "0");
        if has_body {
            return Err(Refusal::bad_request("a request with a body is not taken"));
        }
        Ok(())
    }
}

/// Without the headers and the query, which may hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next();
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &path.unwrap_or_default())
            .finish_non_exhaustive()
    }
}

/// Splits a request target into its host, if it is in absolute form, and its path with query.
fn split_target(target: &str) -> Result<(Option<&str>, String), Refusal> {
    let malformed = || Refusal::bad_request("the request target is neither a path nor a URL");
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(malformed());
    }
    if target.starts_with('/') {
        return Ok((None, target.to_owned()));
    }
    let (scheme, rest) = target.split_once("://").ok_or_else(malformed)?;
    if !["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(malformed());
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok((Some(authority), format!("{slash}{path}")))
}

fn not_http(error: httparse::Error) -> Refusal {
    use httparse::Error;
    match error {
        Error::Version => Refusal::new(505, "the request is not HTTP/1.1"),
        Error::HeaderName => {
            Refusal::bad_request("a header name is malformed, or a header is folded")
        }
        Error::HeaderValue => Refusal::bad_request("a header value has control characters"),
        _ => Refusal::bad_request("the request line is malformed"),
    }
}
