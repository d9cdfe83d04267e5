//! The HTTP response to a request that is refused.

use std::error::Error;
use std::fmt;

use super::request::Method;

/// A whole HTTP response that ends the exchange, for a request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status; 0 for a peer that does not speak HTTP, and gets no answer.
    pub status: u16,
    /// One line for the person at the other end, also the body.
    pub reason: String,
    /// Headers besides those that every refusal has.
    pub headers: Vec<(&'static str, String)>,
    /// Whether the reason is sent as the body. An answer to HEAD has none (RFC 9110, 9.3.2).
    pub has_body: bool,
}

impl Refusal {
    /// A refusal without further headers.
    pub fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), headers: Vec::new(), has_body: true }
    }

    pub(crate) fn bad_request(reason: &str) -> Self {
        Self::new(400, reason)
    }

    /// Adds one header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The refusal of a request of this method.
    #[must_use]
    pub fn of(mut self, method: Method) -> Self {
        self.has_body = method != Method::Head;
        self
    }

    /// The bytes to write before the transport is closed. Empty for status 0.
    pub fn encode(&self) -> Vec<u8> {
        if self.status == 0 {
            return Vec::new();
        }
        let mut response = format!("HTTP/1.1 {} {}\r\n", self.status, phrase(self.status));
        let body = format!("{}\n", self.reason);
        let length = body.len().to_string();
        let fixed = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", &length),
            ("Connection", "close"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ];
        let further = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in fixed.into_iter().chain(further) {
            response.extend([name, ": "]);
            // A value must not begin a line of its own.
            response.extend(value.chars().filter(|character| !character.is_control()));
            response.push_str("\r\n");
        }
        response.push_str("\r\n");
        if self.has_body {
            response.push_str(&body);
        }
        response.into_bytes()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.reason)
    }
}

impl Error for Refusal {}

const fn phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        414 => "URI Too Long",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_whole_response() {
        let refusal =
            Refusal::new(426, "speak version 13").with_header("Sec-WebSocket-Version", "13");
        let text = String::from_utf8(refusal.encode()).unwrap();
        assert_eq!(
            text,
            "HTTP/1.1 426 Upgrade Required\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: 17\r\n\
             Connection: close\r\n\
             Cache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Sec-WebSocket-Version: 13\r\n\
             \r\n\
             speak version 13\n"
        );
    }

    #[test]
    fn a_header_value_cannot_begin_a_line() {
        let refusal = Refusal::new(403, "no").with_header("X-Why", "a\r\nSet-Cookie: b\0");
        let text = String::from_utf8(refusal.encode()).unwrap();
        assert!(text.contains("X-Why: aSet-Cookie: b\r\n"));
    }

    #[test]
    fn status_0_is_not_answered() {
        assert_eq!(Refusal::new(0, "not HTTP").encode(), b"");
    }
}
