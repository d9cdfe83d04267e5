//! Calls that are made once and patched: `add(a, 7)`, where `a` is the call's own id. A message is
//! one call or a batch of them.

use crate::frame::{self, FIN, MASK, TEXT};

/// The digits of an id: always the same number, so that every call has the same length.
const DIGITS: usize = 8;
pub(crate) const FIRST_ID: u32 = 10_000_000;
pub(crate) const LAST_ID: u32 = 99_999_999;
/// What is added to the id.
const ADDEND: u32 = 7;

/// What the call with this id must bring.
pub(crate) fn expected(id: u32) -> i64 {
    i64::from(id) + i64::from(ADDEND)
}

/// The frame of a call, or of a batch of calls with consecutive ids.
pub(crate) struct Template {
    frame: Vec<u8>,
    size: usize,
    /// For each call: where in the frame its id stands, as the first param and as the id.
    places: Vec<[usize; 2]>,
}

impl Template {
    /// `batch`: calls in a message; a single one stands alone.
    pub(crate) fn new(batch: usize) -> Self {
        let before = r#"{"jsonrpc":"2.0","method":"add","params":["#;
        let between = format!(r#",{ADDEND}],"id":"#);
        let call = format!("{before}{FIRST_ID}{between}{FIRST_ID}}}");
        let (payload, first) = match batch {
            1 => (call.clone(), 0),
            _ => (format!("[{}]", vec![call.as_str(); batch].join(",")), 1),
        };
        let frame = frame::masked(FIN | TEXT, payload.as_bytes());
        let first = frame.len() - payload.len() + first;
        let in_call = [before.len(), before.len() + DIGITS + between.len()];
        let places = (0..batch)
            .map(|number| in_call.map(|place| first + number * (call.len() + 1) + place))
            .collect();
        Self { size: payload.len(), places, frame }
    }

    /// Calls in a message.
    pub(crate) fn batch(&self) -> usize {
        self.places.len()
    }

    /// Payload bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Adds a message to what will be sent. `first` is the id of its first call.
    pub(crate) fn append(&self, first: u32, to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(&self.frame);
        let header = self.frame.len() - self.size;
        for (id, places) in (first..).zip(&self.places) {
            let digits = decimal(id);
            for place in places {
                let masked = &mut to[start + place..][..DIGITS];
                let mask = MASK.iter().cycle().skip((place - header) % MASK.len());
                for ((byte, digit), mask) in masked.iter_mut().zip(digits).zip(mask) {
                    *byte = digit ^ mask;
                }
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

    /// The text of the last message that was added.
    fn last(template: &Template, bytes: &[u8]) -> String {
        let payload = &bytes[bytes.len() - template.size()..];
        let text = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        String::from_utf8(text.collect()).unwrap()
    }

    #[test]
    fn each_call_says_its_id_twice() {
        let template = Template::new(1);
        let mut bytes = b"before".to_vec();
        template.append(FIRST_ID, &mut bytes);
        template.append(98_765_432, &mut bytes);
        assert_eq!(
            last(&template, &bytes),
            r#"{"jsonrpc":"2.0","method":"add","params":[98765432,7],"id":98765432}"#
        );
        assert_eq!(expected(98_765_432), 98_765_439);
    }

    #[test]
    fn a_batch_has_consecutive_ids() {
        let template = Template::new(2);
        let mut bytes = Vec::new();
        template.append(20_000_009, &mut bytes);
        assert_eq!(
            last(&template, &bytes),
            concat!(
                r#"[{"jsonrpc":"2.0","method":"add","params":[20000009,7],"id":20000009},"#,
                r#"{"jsonrpc":"2.0","method":"add","params":[20000010,7],"id":20000010}]"#
            )
        );
    }
}
