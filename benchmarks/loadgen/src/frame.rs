//! WebSocket frames: whole ones, as a client sends them, and the headers of a server's.
//!
//! A client chooses its mask, so one fixed mask serves all frames, and a frame that is made once
//! can be patched.

use crate::error::Fault;

pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
pub(crate) const FIN: u8 = 0x80;
/// RSV1: the message is compressed.
pub(crate) const COMPRESSED: u8 = 0x40;
const MASKED: u8 = 0x80;
/// Lengths that say how many bits the real length has.
const SIXTEEN_BITS: u8 = 126;
const SIXTY_FOUR_BITS: u8 = 127;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// What stands at the start of bytes that are not a whole data frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// A frame that has not arrived completely.
    Incomplete,
    /// A ping, with the pong that answers it.
    Ping { length: usize, pong: Vec<u8> },
    /// A pong nobody asked for.
    Pong { length: usize },
    /// The server says goodbye, and why.
    Close { reason: String },
}

/// The header of a frame from a server.
pub(crate) struct ServerFrame {
    pub(crate) first: u8,
    pub(crate) masked: bool,
    header_length: usize,
    pub(crate) payload_length: u64,
}

impl ServerFrame {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (header_length, payload_length) = match second & 0x7f {
            SIXTEEN_BITS => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
            SIXTY_FOUR_BITS => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
            short => (2, u64::from(short)),
        };
        Some(Self { first, masked: second & MASKED != 0, header_length, payload_length })
    }

    pub(crate) fn is_control(&self) -> bool {
        self.first & 0x08 != 0
    }

    /// The payload and the length of the whole frame; `None` when it has not arrived.
    fn payload<'a>(&self, bytes: &'a [u8]) -> Option<(&'a [u8], usize)> {
        let length = usize::try_from(self.payload_length).unwrap_or(usize::MAX);
        let length = self.header_length.saturating_add(length);
        Some((bytes.get(self.header_length..length)?, length))
    }

    pub(crate) fn control(&self, bytes: &[u8]) -> Other {
        let Some((payload, length)) = self.payload(bytes) else { return Other::Incomplete };
        match self.first & 0x0f {
            PING => Other::Ping { length, pong: masked(FIN | PONG, payload) },
            PONG => Other::Pong { length },
            CLOSE => Other::Close { reason: close_reason(payload) },
            opcode => Other::Close { reason: format!("sent the unknown opcode {opcode:#x}") },
        }
    }
}

/// The next control frame at the start of `bytes`, for connections that expect no data.
pub(crate) fn control(bytes: &[u8]) -> Other {
    match ServerFrame::parse(bytes) {
        None => Other::Incomplete,
        Some(frame) if frame.is_control() => frame.control(bytes),
        Some(_) => Other::Close { reason: "sent data nobody asked for".to_owned() },
    }
}

/// What stands at the start of bytes from a server that sends messages of one kind.
#[derive(Debug, PartialEq, Eq)]
enum Incoming<'a> {
    /// A whole message in one frame of `length` bytes.
    Message { payload: &'a [u8], length: usize },
    /// Something else.
    Other(Other),
}

/// The next frame at the start of `bytes`, for connections whose messages all begin with the byte
/// `first`.
#[inline]
fn incoming(bytes: &[u8], first: u8) -> Result<Incoming<'_>, Fault> {
    let Some(frame) = ServerFrame::parse(bytes) else {
        return Ok(Incoming::Other(Other::Incomplete));
    };
    if frame.is_control() {
        return Ok(Incoming::Other(frame.control(bytes)));
    }
    if frame.first != first || frame.masked {
        return Err(Fault::Header { found: frame.first, expected: first });
    }
    Ok(match frame.payload(bytes) {
        Some((payload, length)) => Incoming::Message { payload, length },
        None => Incoming::Other(Other::Incomplete),
    })
}

/// The whole messages in bytes from a server, whose frames all begin with one byte.
pub(crate) struct Messages<'a> {
    rest: &'a [u8],
    first: u8,
}

/// Why there are no more messages.
pub(crate) enum Ended {
    /// The server sent something wrong.
    Fault(Fault),
    /// The server said goodbye, and why.
    Closed(String),
}

impl<'a> Messages<'a> {
    pub(crate) fn new(bytes: &'a [u8], first: u8) -> Self {
        Self { rest: bytes, first }
    }

    /// The payload of the next message; `None`: the rest is not a whole one. Pings on the way are
    /// answered by pongs, which are added to what is to be sent.
    #[inline]
    pub(crate) fn next(&mut self, unsent: &mut Vec<u8>) -> Result<Option<&'a [u8]>, Ended> {
        while !self.rest.is_empty() {
            let (payload, length) = match incoming(self.rest, self.first).map_err(Ended::Fault)? {
                Incoming::Message { payload, length } => (Some(payload), length),
                Incoming::Other(Other::Incomplete) => break,
                Incoming::Other(Other::Pong { length }) => (None, length),
                Incoming::Other(Other::Ping { length, pong }) => {
                    unsent.extend(pong);
                    (None, length)
                }
                Incoming::Other(Other::Close { reason }) => return Err(Ended::Closed(reason)),
            };
            self.rest = &self.rest[length..];
            if payload.is_some() {
                return Ok(payload);
            }
        }
        Ok(None)
    }

    /// The beginning of a frame whose rest has not arrived.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// A masked close frame with code 1000.
pub(crate) fn close() -> Vec<u8> {
    masked(FIN | CLOSE, &1000u16.to_be_bytes())
}

fn close_reason(payload: &[u8]) -> String {
    match payload {
        [high, low, text @ ..] => format!(
            "closed with {} {:?}",
            u16::from_be_bytes([*high, *low]),
            String::from_utf8_lossy(text)
        ),
        _ => "closed without a code".to_owned(),
    }
}

/// A client's frame.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, payload.len(), MASKED);
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame's header; `mask_bit` is 0 for a server's.
pub(crate) fn header(first: u8, length: usize, mask_bit: u8) -> Vec<u8> {
    let mut header = vec![first];
    if let Some(short) = u8::try_from(length).ok().filter(|&short| short < SIXTEEN_BITS) {
        header.push(mask_bit | short);
    } else if let Ok(medium) = u16::try_from(length) {
        header.push(mask_bit | SIXTEEN_BITS);
        header.extend(medium.to_be_bytes());
    } else {
        header.push(mask_bit | SIXTY_FOUR_BITS);
        header.extend((length as u64).to_be_bytes());
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_frames_are_told_apart() {
        let pong = masked(FIN | PONG, b"hi");
        assert_eq!(control(&[0x89, 2, b'h', b'i', 0x82]), Other::Ping { length: 4, pong });
        assert_eq!(control(&[0x8a, 0]), Other::Pong { length: 2 });
        let reason = "closed with 1009 \"big\"".to_owned();
        assert_eq!(control(b"\x88\x05\x03\xf1big"), Other::Close { reason });
        assert_eq!(control(&[0x89]), Other::Incomplete);
    }

    #[test]
    fn a_text_message_is_given_with_the_length_of_its_frame() {
        let payload = &b"{}"[..];
        assert_eq!(incoming(b"\x81\x02{}\x81", 0x81), Ok(Incoming::Message { payload, length: 4 }));
        assert_eq!(incoming(b"\x81\x02{", 0x81), Ok(Incoming::Other(Other::Incomplete)));
        assert_eq!(incoming(b"\x8a\x00", 0x81), Ok(Incoming::Other(Other::Pong { length: 2 })));
        assert_eq!(incoming(b"\x82\x00", 0x81), Err(Fault::Header { found: 0x82, expected: 0x81 }));
        assert_eq!(incoming(b"\x01\x00", 0x81), Err(Fault::Header { found: 0x01, expected: 0x81 }));
    }
}
