//! The opening handshake, blocking and with a deadline: it is not what is measured.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::error::Error;

/// The nonce of RFC 6455 section 1.3, and the answer that proves a server understood it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The extension of RFC 7692.
const DEFLATE: &str = "permessage-deflate";

const LONGEST_RESPONSE: usize = 16 * 1024;

/// Where to connect, and what to say there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) origin: Option<String>,
    /// Offered, if there is one; a server need not choose it.
    pub(crate) subprotocol: Option<&'static str>,
    /// Shown as `Authorization: Bearer`, if there is one.
    pub(crate) token: Option<String>,
    /// The server must compress what it sends, with context takeover.
    pub(crate) compression: bool,
}

impl Target {
    /// Takes `ws://host:port/path` and `tcp://host:port` apart.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let wrong =
            || Error::Usage(format!("--url {url:?} is not like ws://127.0.0.1:8080/ or tcp://..."));
        let rest = url.strip_prefix("ws://").or_else(|| url.strip_prefix("tcp://"));
        let rest = rest.ok_or_else(wrong)?;
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (name, port) = host.rsplit_once(':').ok_or_else(wrong)?;
        if name.is_empty() || port.parse::<u16>().is_err() {
            return Err(wrong());
        }
        let (host, path) = (host.to_owned(), path.to_owned());
        Ok(Self { host, path, origin: None, subprotocol: None, token: None, compression: false })
    }

    /// The first address of the host.
    pub(crate) fn address(&self) -> Result<SocketAddr, Error> {
        let mut addresses =
            self.host.to_socket_addrs().map_err(Error::io("find the host of --url"))?;
        addresses.next().ok_or_else(|| Error::Usage(format!("{} has no address", self.host)))
    }

    fn request(&self) -> String {
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n",
            self.path, self.host
        );
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        for (name, value) in [
            ("Origin", self.origin.as_deref()),
            ("Sec-WebSocket-Protocol", self.subprotocol),
            ("Authorization", bearer.as_deref()),
            ("Sec-WebSocket-Extensions", self.compression.then_some(DEFLATE)),
        ] {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = write!(request, "{name}: {value}\r\n");
            }
        }
        request.push_str("\r\n");
        request
    }
}

/// A TCP connection without Nagle's delay.
pub(crate) fn connect(address: SocketAddr, timeout: Duration) -> Result<TcpStream, Error> {
    let stream = TcpStream::connect_timeout(&address, timeout).map_err(Error::io("connect"))?;
    stream.set_nodelay(true).map_err(Error::io("set TCP_NODELAY"))?;
    Ok(stream)
}

/// A WebSocket connection, and the bytes that came right behind the handshake.
pub(crate) fn open(
    target: &Target,
    address: SocketAddr,
    timeout: Duration,
) -> Result<(TcpStream, Vec<u8>), Error> {
    let deadline = Instant::now() + timeout;
    let mut stream = connect(address, timeout)?;
    stream.write_all(target.request().as_bytes()).map_err(Error::io("send the handshake"))?;
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = end_of_head(&received) {
            check(&received[..end], target.compression)?;
            received.drain(..end);
            return Ok((stream, received));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || received.len() > LONGEST_RESPONSE {
            let reason = format!("no complete answer within {:.1} s", timeout.as_secs_f64());
            return Err(Error::Handshake { reason });
        }
        stream.set_read_timeout(Some(left)).map_err(Error::io("set a timeout"))?;
        match stream.read(&mut chunk) {
            Ok(0) => {
                let reason = "the server closed the connection".to_owned();
                return Err(Error::Handshake { reason });
            }
            Ok(length) => received.extend_from_slice(&chunk[..length]),
            Err(error) if is_timeout(&error) => {}
            Err(source) => return Err(Error::Io { doing: "read the handshake", source }),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn check(head: &[u8], compression: bool) -> Result<(), Error> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 101") {
        return Err(Error::Handshake { reason: format!("expected 101, got {status:?}") });
    }
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(':')).collect();
    let header = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map_or("", |(_, value)| value.trim())
    };
    if header("sec-websocket-accept") != ACCEPT {
        let reason = "wrong or missing Sec-WebSocket-Accept".to_owned();
        return Err(Error::Handshake { reason });
    }
    let extension = header("sec-websocket-extensions");
    let takes_over = extension.starts_with(DEFLATE) && !extension.contains("server_no_context");
    if compression != takes_over {
        let wanted = if compression { "compression with context takeover" } else { "none" };
        let reason = format!("the extension is {extension:?}, expected {wanted}");
        return Err(Error::Handshake { reason });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{server, target};

    #[test]
    fn urls_are_taken_apart() {
        let target = Target::parse("ws://127.0.0.1:8787/a?b=c").unwrap();
        assert_eq!((target.host.as_str(), target.path.as_str()), ("127.0.0.1:8787", "/a?b=c"));
        assert_eq!(Target::parse("tcp://[::1]:9").unwrap().path, "/");
        for wrong in ["127.0.0.1:1", "ws://host/", "ws://:80/", "wss://h:1/", "ws://h:99999/"] {
            assert!(matches!(Target::parse(wrong), Err(Error::Usage(_))), "{wrong}");
        }
    }

    #[test]
    fn the_request_names_the_host_and_what_is_offered() {
        let mut target = Target::parse("ws://127.0.0.1:8787/x").unwrap();
        for header in ["Origin", "Sec-WebSocket-Protocol", "Authorization"] {
            assert!(!target.request().contains(header), "{header}");
        }
        target.origin = Some("http://game.test".to_owned());
        target.subprotocol = Some("stagedoor.json");
        target.token = Some("abc".to_owned());
        let request = target.request();
        assert!(request.starts_with("GET /x HTTP/1.1\r\nHost: 127.0.0.1:8787\r\n"));
        assert!(request.ends_with(
            "Origin: http://game.test\r\nSec-WebSocket-Protocol: stagedoor.json\r\n\
             Authorization: Bearer abc\r\n\r\n"
        ));
    }

    /// Opens a connection to a server that answers with `response` and stays.
    fn opened(response: &'static [u8]) -> Result<Vec<u8>, Error> {
        let (address, server) = server(move |listener| {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(response).unwrap();
            stream
        });
        let timeout = Duration::from_millis(300);
        let result = open(&target(address), address, timeout).map(|(_, rest)| rest);
        drop(server.join().unwrap());
        result
    }

    #[test]
    fn bytes_behind_the_handshake_are_kept() {
        let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
            SEC-WEBSOCKET-ACCEPT: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x89\x00";
        assert_eq!(opened(response).unwrap(), b"\x89\x00");
    }

    #[test]
    fn a_refusal_a_wrong_answer_and_silence_are_failures() {
        for (response, expected) in [
            (&b"HTTP/1.1 403 Forbidden\r\n\r\n"[..], "403"),
            (b"HTTP/1.1 101 ok\r\nSec-WebSocket-Accept: nonsense\r\n\r\n", "Accept"),
            (
                b"HTTP/1.1 101 ok\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
                Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
                "expected none",
            ),
            (b"HTTP/1.1 101 ok\r\n", "within 0.3 s"),
        ] {
            let Err(Error::Handshake { reason }) = opened(response) else { panic!("accepted") };
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
