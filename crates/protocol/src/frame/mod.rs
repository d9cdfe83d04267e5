//! A frame's header (RFC 6455 section 5.2), as it is read and as it is written.

mod mask;

use crate::error::ProtocolError;
use crate::message::Kind;

pub(crate) use mask::Mask;

/// Bytes that a control frame's payload may have.
pub(crate) const MAX_CONTROL_PAYLOAD: usize = 125;
/// Bytes that a close reason may have, besides its code.
pub(crate) const MAX_CLOSE_REASON: usize = MAX_CONTROL_PAYLOAD - 2;
/// Bytes of the longest header that a client sends: 2, a length of 8, a mask of 4.
pub(crate) const MAX_HEADER: usize = 14;
/// Bytes of a client's header for a payload of at most 125 bytes.
pub(crate) const SHORT_HEADER: usize = 6;
/// Bytes of the longest header that a server sends: no mask.
pub(crate) const MAX_UNMASKED_HEADER: usize = 10;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
/// RSV1: the message is compressed (RFC 7692 section 6).
const COMPRESSED: u8 = 0x40;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    pub(crate) const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

impl From<Kind> for Opcode {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Binary => Self::Binary,
        }
    }
}

/// The header of a frame from a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    pub(crate) is_compressed: bool,
    pub(crate) opcode: Opcode,
    pub(crate) length: u64,
    pub(crate) mask: Mask,
}

impl Header {
    /// Reads the header at the start of `bytes`, and returns its length, too. `None`: the header is
    /// not complete yet. An error is found as soon as the bytes that show it are there. With
    /// deflate, the first frame of a message may say that the message is compressed.
    #[inline]
    pub(crate) fn decode(
        bytes: &[u8],
        deflate: bool,
    ) -> Result<Option<(Self, usize)>, ProtocolError> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        if first & RESERVED != 0 && !(deflate && begins_compressed(*first)) {
            return Err(ProtocolError::ReservedBits);
        }
        let opcode = Opcode::from_bits(first & OPCODE).ok_or(ProtocolError::ReservedOpcode)?;
        let fin = first & FIN != 0;
        let is_compressed = first & COMPRESSED != 0;
        if second & MASKED == 0 {
            return Err(ProtocolError::Unmasked);
        }
        let short = second & !MASKED;
        if opcode.is_control() {
            if !fin {
                return Err(ProtocolError::FragmentedControl);
            }
            if usize::from(short) > MAX_CONTROL_PAYLOAD {
                return Err(ProtocolError::LongControl);
            }
        }
        let (length, length_size) = match short {
            126 => {
                let Some(bytes) = rest.first_chunk() else { return Ok(None) };
                let length = u16::from_be_bytes(*bytes);
                if length < 126 {
                    return Err(ProtocolError::NonMinimalLength);
                }
                (u64::from(length), 2)
            }
            127 => {
                let Some(bytes) = rest.first_chunk() else { return Ok(None) };
                let length = u64::from_be_bytes(*bytes);
                if u16::try_from(length).is_ok() {
                    return Err(ProtocolError::NonMinimalLength);
                }
                (length, 8)
            }
            short => (u64::from(short), 0),
        };
        let Some(mask) = rest[length_size..].first_chunk() else { return Ok(None) };
        let header = Self { fin, is_compressed, opcode, length, mask: Mask::new(*mask) };
        Ok(Some((header, 2 + length_size + 4)))
    }
}

/// Whether this is the first byte of a compressed message, and no other reserved bit is set.
const fn begins_compressed(first: u8) -> bool {
    let opcode = first & OPCODE;
    first & RESERVED == COMPRESSED
        && (opcode == Opcode::Text as u8 || opcode == Opcode::Binary as u8)
}

/// Reads what [`Header::decode`] would read, but only the header of an unfragmented message of at
/// most 125 bytes, and only if the whole frame is there.
#[inline]
pub(crate) fn decode_short_message(bytes: &[u8]) -> Option<(Kind, usize, Mask)> {
    const TEXT: u8 = FIN | Opcode::Text as u8;
    const BINARY: u8 = FIN | Opcode::Binary as u8;
    let ([first, second, key @ ..], rest) = bytes.split_first_chunk::<SHORT_HEADER>()?;
    let kind = match *first {
        TEXT => Kind::Text,
        BINARY => Kind::Binary,
        _ => return None,
    };
    // Without the mask bit this is more than 125.
    let length = usize::from(second ^ MASKED);
    let is_short = length <= MAX_CONTROL_PAYLOAD && length <= rest.len();
    is_short.then(|| (kind, length, Mask::new(*key)))
}

/// Appends the frame of a server to `out`: never masked, never fragmented.
#[inline]
pub(crate) fn encode(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    encode_with(FIN | opcode as u8, payload, out);
}

/// The same for a message whose payload has been compressed.
pub(crate) fn encode_compressed(kind: Kind, payload: &[u8], out: &mut Vec<u8>) {
    encode_with(FIN | COMPRESSED | Opcode::from(kind) as u8, payload, out);
}

#[inline]
fn encode_with(first: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(MAX_UNMASKED_HEADER + payload.len());
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..126), _) => out.extend_from_slice(&[first, length]),
        (_, Ok(length)) => {
            let [high, low] = length.to_be_bytes();
            out.extend_from_slice(&[first, 126, high, low]);
        }
        _ => {
            out.extend_from_slice(&[first, 127]);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(opcode, payload, &mut out);
        out
    }

    #[test]
    fn frames_are_written_as_in_rfc_6455_section_5_7() {
        assert_eq!(encoded(Opcode::Text, b"Hello"), b"\x81\x05Hello");
        assert_eq!(encoded(Opcode::Ping, b"Hello"), b"\x89\x05Hello");
        let medium = encoded(Opcode::Binary, &[7; 256]);
        assert_eq!((&medium[..4], medium.len()), (&b"\x82\x7e\x01\x00"[..], 4 + 256));
        let long = encoded(Opcode::Binary, &vec![7; 65536]);
        assert_eq!(&long[..10], b"\x82\x7f\0\0\0\0\0\x01\0\0");
        assert_eq!(long.len(), 10 + 65536);
    }

    #[test]
    fn the_length_is_written_in_the_fewest_bytes() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (65535, 4), (65536, 10)] {
            assert_eq!(encoded(Opcode::Text, &vec![b'x'; length]).len(), header + length);
        }
    }

    #[test]
    fn headers_are_read_as_in_rfc_6455_section_5_7() {
        let (header, size) = Header::decode(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", false)
            .unwrap()
            .unwrap();
        let mask = Mask::new([0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(
            header,
            Header { fin: true, is_compressed: false, opcode: Opcode::Text, length: 5, mask }
        );
        assert_eq!(size, 6);
        let (header, size) = Header::decode(b"\x02\xfe\x01\x00mask", false).unwrap().unwrap();
        assert_eq!((header.fin, header.length, size), (false, 256, 8));
        let (header, size) =
            Header::decode(b"\x82\xff\0\0\0\0\0\x01\0\0mask", false).unwrap().unwrap();
        assert_eq!((header.opcode, header.length, size), (Opcode::Binary, 65536, 14));
    }

    #[test]
    fn a_header_that_is_not_all_there_is_not_an_error() {
        for whole in
            [&b"\x81\x85mask"[..], b"\x82\xfe\x01\x00mask", b"\x80\xff\0\0\0\0\0\x01\0\0mask"]
        {
            for length in 0..whole.len() {
                assert_eq!(Header::decode(&whole[..length], false), Ok(None));
            }
            assert!(Header::decode(whole, false).unwrap().is_some());
        }
    }

    #[test]
    fn wrong_headers_are_refused() {
        use ProtocolError as E;
        let table: [(&[u8], E); 13] = [
            (b"\xc1\x80", E::ReservedBits),
            (b"\xa1\x80", E::ReservedBits),
            (b"\x91\x80", E::ReservedBits),
            (b"\xc9\x80", E::ReservedBits),
            (b"\x81\x05", E::Unmasked),
            (b"\x81\xfe\x00\x7d", E::NonMinimalLength),
            (b"\x81\xff\0\0\0\0\0\0\xff\xff", E::NonMinimalLength),
            (b"\x81\xff\0\0\0\0\0\0\0\0", E::NonMinimalLength),
            (b"\x09\x80", E::FragmentedControl),
            (b"\x08\x80", E::FragmentedControl),
            (b"\x0a\x80", E::FragmentedControl),
            (b"\x89\xfe", E::LongControl),
            (b"\x88\xff", E::LongControl),
        ];
        for (bytes, error) in table {
            assert_eq!(Header::decode(bytes, false), Err(error), "{bytes:x?}");
        }
        for opcode in (3..=7).chain(11..=15) {
            assert_eq!(Header::decode(&[0x80 | opcode, 0x80], false), Err(E::ReservedOpcode));
        }
    }
    #[test]
    fn with_deflate_the_first_frame_of_a_message_may_be_compressed() {
        for first in [0xc1, 0x41, 0xc2, 0x42] {
            let bytes = [first, 0x80, 0, 0, 0, 0];
            let (header, _) = Header::decode(&bytes, true).unwrap().unwrap();
            assert!(header.is_compressed && !header.opcode.is_control());
            assert_eq!(Header::decode(&bytes, false), Err(ProtocolError::ReservedBits));
            assert_eq!(decode_short_message(&bytes), None);
        }
        let (header, _) = Header::decode(b"\x81\x80mask", true).unwrap().unwrap();
        assert!(!header.is_compressed);
        for first in [0xc0, 0x40, 0xc8, 0xc9, 0xca, 0xe1, 0xd1, 0xa1, 0x91, 0xc3] {
            assert_eq!(Header::decode(&[first, 0x80], true), Err(ProtocolError::ReservedBits));
        }
        let mut frame = Vec::new();
        encode_compressed(Kind::Text, b"abc", &mut frame);
        assert_eq!(frame, b"\xc1\x03abc");
    }
}
