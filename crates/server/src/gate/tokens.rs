//! The tokens that let a client in.

use std::error::Error;
use std::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// Bytes that a token may have.
const MAX_LENGTH: usize = 256;

/// Tokens, each with a role, which means nothing here.
///
/// A comparison takes as long for a wrong token as for the right one: it looks at every byte of
/// every token, in buffers of one size. Nothing shows a token again, `Debug` included.
#[derive(Clone, Default)]
pub struct Tokens(Vec<(Secret, u8)>);

#[derive(Clone)]
struct Secret {
    bytes: [u8; MAX_LENGTH],
    length: u16,
}

/// A list of tokens that cannot be used. The error does not say which one is wrong: that would show
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidToken;

impl Tokens {
    /// Takes tokens of 1 to 256 characters that a subprotocol's name may have: letters, digits
    /// and ``!#$%&'*+-.^_`|~``.
    pub fn new<T: AsRef<str>>(
        tokens: impl IntoIterator<Item = (T, u8)>,
    ) -> Result<Self, InvalidToken> {
        let checked = |(token, role): (T, u8)| {
            let token = token.as_ref();
            let secret = Secret::new(token).filter(|_| token.bytes().all(is_token_byte));
            secret.map(|secret| (secret, role)).ok_or(InvalidToken)
        };
        tokens.into_iter().map(checked).collect::<Result<_, _>>().map(Self)
    }

    /// The role of this token, if it is one of these.
    pub(crate) fn role(&self, offered: &str) -> Option<u8> {
        // The length of the right one is no secret.
        let offered = Secret::new(offered)?;
        let mut role = 0;
        let mut found = Choice::from(0);
        for (secret, its_role) in &self.0 {
            let same = secret.bytes.ct_eq(&offered.bytes) & secret.length.ct_eq(&offered.length);
            role.conditional_assign(its_role, same);
            found |= same;
        }
        bool::from(found).then_some(role)
    }
}

impl Secret {
    fn new(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > MAX_LENGTH {
            return None;
        }
        let mut bytes = [0; MAX_LENGTH];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: u16::try_from(text.len()).ok()? })
    }
}

/// How many there are, and nothing else.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} tokens>", self.0.len())
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a token must have 1 to {MAX_LENGTH} characters, each a letter, a digit or one of \
             !#$%&'*+-.^_`|~"
        )
    }
}

impl Error for InvalidToken {}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_token_has_its_role() {
        let longest = "x".repeat(MAX_LENGTH);
        let tokens = Tokens::new([("viewer-token", 0), ("admin-token", 2), (longest.as_str(), 3)]);
        let tokens = tokens.expect("well-formed");
        assert_eq!(tokens.role("viewer-token"), Some(0));
        assert_eq!(tokens.role("admin-token"), Some(2));
        assert_eq!(tokens.role(&longest), Some(3));
        let too_long = "x".repeat(MAX_LENGTH + 1);
        let huge = "x".repeat(1 << 20);
        for wrong in [
            "",
            "admin-toke",
            "admin-token\0",
            "admin-token ",
            "Admin-token",
            "dmin-token",
            "viewer-tokenadmin-token",
            "caf\u{e9}",
            &too_long,
            &huge,
        ] {
            assert_eq!(tokens.role(wrong), None);
        }
        assert_eq!(Tokens::default().role("admin-token"), None);
    }

    #[test]
    fn a_token_that_no_client_could_offer_is_not_taken() {
        let too_long = "x".repeat(MAX_LENGTH + 1);
        for wrong in ["", "a b", "a,b", "a=", "a/b", "\0", "caf\u{e9}", &too_long] {
            assert_eq!(Tokens::new([("good", 1), (wrong, 2)]).map(|_| ()), Err(InvalidToken));
        }
    }

    #[test]
    fn nothing_shows_a_token() {
        let tokens = Tokens::new([("swordfish", 1)]).expect("well-formed");
        assert_eq!(format!("{tokens:?}"), "<1 tokens>");
    }
}
