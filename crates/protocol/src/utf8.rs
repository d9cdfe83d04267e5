//! UTF-8 that arrives in pieces, refused at the first byte that cannot continue it.

use simdutf8::{basic, compat};

use crate::error::ProtocolError;

/// Checks a whole text.
pub(crate) fn validate(text: &[u8]) -> Result<(), ProtocolError> {
    basic::from_utf8(text).map(|_| ()).map_err(|_| ProtocolError::InvalidUtf8)
}

/// Checks a text piece by piece: call [`push`](Self::push) for each, [`finish`](Self::finish) at
/// the end. Every byte is looked at once, except at most three of a character that a piece cuts.
#[derive(Debug, Default)]
pub(crate) struct Utf8Validator {
    /// The start of a character whose rest has not arrived.
    cut: [u8; 4],
    cut_len: usize,
    #[cfg(test)]
    examined: usize,
}

impl Utf8Validator {
    pub(crate) fn push(&mut self, mut piece: &[u8]) -> Result<(), ProtocolError> {
        while self.cut_len > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.cut[self.cut_len] = byte;
            self.count(self.cut_len + 1);
            self.cut_len = incomplete(&self.cut[..=self.cut_len])?.len();
        }
        self.count(piece.len());
        let cut = incomplete(piece)?;
        self.cut[..cut.len()].copy_from_slice(cut);
        self.cut_len = cut.len();
        Ok(())
    }

    pub(crate) fn finish(&self) -> Result<(), ProtocolError> {
        if self.cut_len == 0 { Ok(()) } else { Err(ProtocolError::InvalidUtf8) }
    }

    #[cfg_attr(not(test), allow(clippy::unused_self, unused_variables))]
    fn count(&mut self, bytes: usize) {
        #[cfg(test)]
        {
            self.examined += bytes;
        }
    }
}

/// The incomplete character at the text's end: at most three bytes.
fn incomplete(text: &[u8]) -> Result<&[u8], ProtocolError> {
    match compat::from_utf8(text) {
        Ok(_) => Ok(&[]),
        Err(error) if error.error_len().is_none() => Ok(&text[error.valid_up_to()..]),
        Err(_) => Err(ProtocolError::InvalidUtf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str =
        "kappa \u{3ba}, euro \u{20ac}, kiwi \u{1f95d}, last \u{10ffff}, \u{d7ff}\u{e000}";

    /// Not UTF-8, with the number of bytes that could still have become a text.
    const INVALID: [(&[u8], usize); 11] = [
        (b"\x80", 0),             // a continuation byte first
        (b"\xc0\xaf", 0),         // overlong, two bytes
        (b"\xe0\x80\xaf", 1),     // overlong, three
        (b"\xf0\x80\x80\xaf", 1), // overlong, four
        (b"\xed\xa0\x80", 1),     // a surrogate
        (b"\xf4\x90\x80\x80", 1), // above U+10FFFF
        (b"\xf5\x80\x80\x80", 0), // no such lead byte
        (b"\xff", 0),
        (b"ok \xce\xba\xe2\x82x", 7), // cut short by another character
        (b"ok \xf0\x9f\xa5\xce", 6),
        (b"a\x00b\xfe", 3), // NUL is a character
    ];

    #[test]
    fn every_split_of_a_text_is_accepted() {
        for at in 0..=VALID.len() {
            let (left, right) = VALID.as_bytes().split_at(at);
            let mut validator = Utf8Validator::default();
            validator.push(left).unwrap();
            validator.push(right).unwrap();
            validator.finish().unwrap();
        }
        assert_eq!(validate(VALID.as_bytes()), Ok(()));
    }

    #[test]
    fn the_first_impossible_byte_is_refused() {
        for (text, possible) in INVALID {
            assert!(validate(text).is_err(), "{text:?}");
            let mut validator = Utf8Validator::default();
            for (at, &byte) in text.iter().enumerate() {
                let result = validator.push(&[byte]);
                assert_eq!(result.is_ok(), at < possible, "{text:?} at {at}");
                if result.is_err() {
                    break;
                }
            }
            for at in 0..=text.len() {
                let mut validator = Utf8Validator::default();
                let result = validator.push(&text[..at]).and_then(|()| validator.push(&text[at..]));
                assert_eq!(result, Err(ProtocolError::InvalidUtf8), "{text:?} split at {at}");
            }
        }
    }

    #[test]
    fn an_unfinished_character_is_an_error_only_at_the_end() {
        for text in [&b"\xce"[..], b"\xe2\x82", b"x\xf0\x9f\xa5"] {
            let mut validator = Utf8Validator::default();
            validator.push(text).unwrap();
            assert_eq!(validator.finish(), Err(ProtocolError::InvalidUtf8));
        }
    }

    #[test]
    fn one_byte_at_a_time_is_linear_work() {
        let text = "\u{1f95d}".repeat(1000);
        let mut validator = Utf8Validator::default();
        for byte in text.bytes() {
            validator.push(&[byte]).unwrap();
        }
        assert!(validator.examined <= 4 * text.len(), "{}", validator.examined);
    }
}
