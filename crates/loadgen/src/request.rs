//! Calls that are made once and patched: `add(a, 7)`, where `a` is the call's own id.

use crate::frame::{self, FIN, MASK, TEXT};

/// Ids have so many digits, so that every call has the same length.
const DIGITS: usize = 8;
pub(crate) const FIRST_ID: u32 = 10_000_000;
pub(crate) const LAST_ID: u32 = 99_999_999;
/// What is added to the id.
const ADDEND: u32 = 7;

/// What the call with this id must bring.
pub(crate) fn expected(id: u32) -> i64 {
    i64::from(id) + i64::from(ADDEND)
}

/// The frame of a call.
pub(crate) struct Template {
    frame: Vec<u8>,
    size: usize,
    /// Where in the frame the id stands, as the first param and as the id.
    places: [usize; 2],
}

impl Template {
    pub(crate) fn new() -> Self {
        let [before, between, after] = [
            r#"{"jsonrpc":"2.0","method":"add","params":["#.to_owned(),
            format!(r#",{ADDEND}],"id":"#),
            "}".to_owned(),
        ];
        let payload = format!("{before}{FIRST_ID}{between}{FIRST_ID}{after}");
        let frame = frame::masked(FIN | TEXT, payload.as_bytes());
        let start = frame.len() - payload.len();
        let places = [before.len(), before.len() + DIGITS + between.len()];
        Self { size: payload.len(), places: places.map(|place| start + place), frame }
    }

    /// Payload bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Adds a call to what is to be sent.
    pub(crate) fn append(&self, id: u32, to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(&self.frame);
        let header = self.frame.len() - self.size;
        let digits = decimal(id);
        for place in self.places {
            let masked = &mut to[start + place..][..DIGITS];
            let mask = MASK.iter().cycle().skip((place - header) % MASK.len());
            for ((byte, digit), mask) in masked.iter_mut().zip(digits).zip(mask) {
                *byte = digit ^ mask;
            }
        }
    }
}

fn decimal(mut value: u32) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_says_its_id_twice() {
        let template = Template::new();
        let mut bytes = b"before".to_vec();
        template.append(FIRST_ID, &mut bytes);
        template.append(98_765_432, &mut bytes);
        let second = &bytes[bytes.len() - template.size()..];
        let text: Vec<u8> =
            second.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            r#"{"jsonrpc":"2.0","method":"add","params":[98765432,7],"id":98765432}"#
        );
        assert_eq!(expected(98_765_432), 98_765_439);
    }
}
