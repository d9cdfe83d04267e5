//! A place in a JSON text.

use memchr::memchr2;

use crate::{Id, MAX_DIGITS};

/// Moves over a JSON text. Each step is `None` where the text goes on in another way, and the
/// cursor is of no use after that.
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

    /// The next byte that is no white space.
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

    /// What stands between quotes, if it is printable ASCII without an escape.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        self.text_to_quote()
    }

    fn text_to_quote(&mut self) -> Option<&'a str> {
        let start = self.at;
        for &byte in self.rest() {
            self.at += 1;
            match byte {
                b'"' => return Some(&self.text[start..self.at - 1]),
                b' '..=b'~' if byte != b'\\' => {}
                _ => return None,
            }
        }
        None
    }

    pub(crate) fn id(&mut self) -> Option<Id<'a>> {
        match self.token()? {
            b'"' => self.text_to_quote().map(Id::Text),
            b'-' => match self.digits()? {
                0 => None, // Is it the number 0, or another?
                number => Some(Id::Number(-number)),
            },
            _ => {
                self.at -= 1;
                self.digits().map(Id::Number)
            }
        }
    }

    /// A number as JSON writes whole ones: without zeros in front.
    fn digits(&mut self) -> Option<i64> {
        let rest = self.rest();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=MAX_DIGITS).contains(&count) || (rest[0] == b'0' && count > 1) {
            return None;
        }
        self.at += count;
        if matches!(rest.get(count), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        let digit = |number, &byte| number * 10 + i64::from(byte - b'0');
        Some(rest[..count].iter().fold(0, digit))
    }

    /// From a bracket to the one that closes it, by their number. Not deeper than so many.
    pub(crate) fn brackets(&mut self, most: usize) -> Option<&'a str> {
        let mut depth = 1;
        if !matches!(self.token()?, b'{' | b'[') {
            return None;
        }
        let start = self.at - 1;
        while depth > 0 {
            let byte = *self.text.as_bytes().get(self.at)?;
            self.at += 1;
            match byte {
                b'{' | b'[' if depth == most => return None,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                b'"' => self.skip_text()?,
                _ => {}
            }
        }
        Some(&self.text[start..self.at])
    }

    /// To behind the quote that ends what one has begun.
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
