//! A place in a JSON text.

use memchr::memchr2;

use crate::MAX_DIGITS;

/// Whether a byte stands for itself in a name.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Whether a byte matters for counting brackets: a bracket, or the beginning of a text.
#[expect(clippy::needless_bitwise_bool, reason = "with branches it is one byte at a time")]
fn is_mark(byte: u8) -> bool {
    let folded = byte | 0x20; // the brackets of one side differ in this bit
    (folded == b'{') | (folded == b'}') | (byte == b'"')
}

/// Where the first mark is. Sixteen bytes are compared at a time, because this is most of the work.
fn find_mark(bytes: &[u8]) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<16>();
    let has_none = |chunk: &&[u8; 16]| !chunk.iter().fold(false, |any, &byte| any | is_mark(byte));
    let start = chunks.iter().take_while(has_none).count() * 16;
    bytes[start..].iter().position(|&byte| is_mark(byte)).map(|offset| start + offset)
}

/// Moves over a JSON text. A step returns `None` where the text goes on in another way; the cursor
/// is of no use after that.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// The next byte that is not white space.
    pub(crate) fn token(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            self.at += 1;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
        }
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Option<()> {
        (self.token()? == byte).then_some(())
    }

    pub(crate) fn expect_end(&mut self) -> Option<()> {
        self.token().is_none().then_some(())
    }

    /// The text between quotes, if it is printable ASCII without an escape.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        self.text_to_quote()
    }

    fn text_to_quote(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !is_plain(byte))?;
        let start = self.at;
        self.at += length + 1;
        (rest[length] == b'"').then(|| &self.text[start..start + length])
    }

    /// A text or a whole number, as it stands there.
    pub(crate) fn id(&mut self) -> Option<&'a str> {
        let first = self.token()?;
        let start = self.at - 1;
        match first {
            b'"' => {
                self.text_to_quote()?;
            }
            // Is a 0 with a sign the number 0, or another?
            b'-' if self.rest().first() == Some(&b'0') => return None,
            b'-' => self.skip_digits()?,
            _ => {
                self.at = start;
                self.skip_digits()?;
            }
        }
        Some(&self.text[start..self.at])
    }

    /// Moves over a whole number as JSON writes it: without zeros in front.
    fn skip_digits(&mut self) -> Option<()> {
        let rest = self.rest();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=MAX_DIGITS).contains(&count) || (rest[0] == b'0' && count > 1) {
            return None;
        }
        self.at += count;
        (!matches!(rest.get(count), Some(b'.' | b'e' | b'E'))).then_some(())
    }

    /// Moves behind the next bracket that is not in a text, and returns it. `None`: there is none.
    pub(crate) fn bracket(&mut self) -> Option<u8> {
        loop {
            let offset = find_mark(self.rest())?;
            self.at += offset + 1;
            match self.text.as_bytes()[self.at - 1] {
                b'"' => self.skip_text()?,
                bracket => return Some(bracket),
            }
        }
    }

    /// How much of the text it has moved over, in bytes.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Moves from a bracket to the one that closes it, by counting them. `None` if they nest too
    /// deep.
    pub(crate) fn brackets(&mut self, most: usize) -> Option<&'a str> {
        let mut depth = 1;
        if !matches!(self.token()?, b'{' | b'[') {
            return None;
        }
        let start = self.at - 1;
        while depth > 0 {
            let rest = self.rest();
            let offset = find_mark(rest)?;
            self.at += offset + 1;
            match rest[offset] {
                b'"' => self.skip_text()?,
                b'}' | b']' => depth -= 1,
                _ if depth == most => return None,
                _ => depth += 1,
            }
        }
        Some(&self.text[start..self.at])
    }

    /// Moves behind the quote that ends the text.
    fn skip_text(&mut self) -> Option<()> {
        loop {
            let offset = memchr2(b'"', b'\\', self.rest())?;
            self.at += offset + 1;
            if self.text.as_bytes()[self.at - 1] == b'"' {
                return Some(());
            }
            // The escaped byte; what else belongs to the escape is neither quote nor backslash.
            self.at += 1;
            if self.at > self.text.len() {
                return None;
            }
        }
    }
}
