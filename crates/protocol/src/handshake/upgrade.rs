//! From a request to a WebSocket connection.

use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

use super::refusal::Refusal;
use super::request::{Method, Request};
use crate::deflate::Deflate;

/// The text that the key is hashed with (RFC 6455 section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Unused bits at the end of a key may be set: those of the RFC's own example key are.
const KEY_ENCODING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// An opening handshake that can be accepted.
pub struct Upgrade {
    accept: String,
    subprotocols: Vec<String>,
}

/// Checks an opening handshake (RFC 6455 section 4.2.1).
pub fn upgrade(request: &Request) -> Result<Upgrade, Refusal> {
    if request.method() != Method::Get {
        return Err(Refusal::new(405, "a WebSocket handshake is a GET").with_header("Allow", "GET"));
    }
    if !request.wants_upgrade() {
        return Err(Refusal::bad_request("a WebSocket handshake needs Upgrade: websocket"));
    }
    if !request.lists("Connection", "upgrade") {
        return Err(Refusal::bad_request("a WebSocket handshake needs Connection: Upgrade"));
    }
    if request.single("Sec-WebSocket-Version") != Some("13") {
        return Err(Refusal::new(426, "a WebSocket handshake needs Sec-WebSocket-Version: 13")
            .with_header("Sec-WebSocket-Version", "13"));
    }
    let key =
        request.single("Sec-WebSocket-Key").filter(|key| is_valid_key(key)).ok_or_else(|| {
            Refusal::bad_request("a WebSocket handshake needs one Sec-WebSocket-Key of 16 bytes")
        })?;
    Ok(Upgrade { accept: accept_key(key), subprotocols: subprotocols(request)? })
}

impl Upgrade {
    /// The subprotocols that the client offers, in its order of preference.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.subprotocols.iter().map(String::as_str)
    }

    /// The 101 response, with what was chosen of the client's offers. Everything sent after it is
    /// frames.
    ///
    /// # Panics
    ///
    /// If `subprotocol` is not one that the client offers.
    pub fn response(&self, subprotocol: Option<&str>, deflate: Option<&Deflate>) -> Vec<u8> {
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            self.accept
        );
        if let Some(chosen) = subprotocol {
            assert!(self.subprotocols().any(|offered| offered == chosen), "not offered");
            response.extend(["Sec-WebSocket-Protocol: ", chosen, "\r\n"]);
        }
        if let Some(deflate) = deflate {
            response.extend(["Sec-WebSocket-Extensions: ", &deflate.header(), "\r\n"]);
        }
        response.push_str("\r\n");
        response.into_bytes()
    }
}

/// Without the subprotocols, which may hold a token.
impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}

/// The Sec-WebSocket-Accept for a Sec-WebSocket-Key.
pub fn accept_key(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(GUID);
    STANDARD.encode(hash.finalize())
}

fn is_valid_key(key: &str) -> bool {
    KEY_ENCODING.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

fn subprotocols(request: &Request) -> Result<Vec<String>, Refusal> {
    let mut offered = Vec::new();
    let mut seen = HashSet::new();
    for list in request.all("Sec-WebSocket-Protocol") {
        for name in list.split(',').map(str::trim) {
            if name.is_empty() || !name.bytes().all(is_token_byte) {
                return Err(Refusal::bad_request("a subprotocol is not a token"));
            }
            if !seen.insert(name) {
                return Err(Refusal::bad_request("a subprotocol is offered twice"));
            }
            offered.push(name.to_owned());
        }
    }
    Ok(offered)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
