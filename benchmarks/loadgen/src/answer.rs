//! Answers of JSON-RPC 2.0 to calls whose ids and results are integers.

/// What a server says to a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Result { id: u32, result: i64 },
    Error { id: u32 },
}

/// The answers in a message, one or a batch of them, up to the first that is not an answer.
pub(crate) fn parse(text: &[u8]) -> Answers<'_> {
    let mut rest = Reader { text, at: 0 };
    let is_batch = text.trim_ascii_start().starts_with(b"[");
    if is_batch {
        rest.next();
    }
    Answers { rest, is_batch, is_over: false }
}

/// What [`parse`] finds.
pub(crate) struct Answers<'a> {
    rest: Reader<'a>,
    is_batch: bool,
    is_over: bool,
}

/// The text has something else in the place of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAnAnswer;

impl Iterator for Answers<'_> {
    type Item = Result<Answer, NotAnAnswer>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let answer = self.rest.answer().filter(|_| self.separated());
        self.is_over |= answer.is_none();
        Some(answer.ok_or(NotAnAnswer))
    }
}

impl Answers<'_> {
    /// Reads what follows an answer. False: it may not stand there.
    fn separated(&mut self) -> bool {
        match self.rest.next() {
            Some(b',') => self.is_batch,
            Some(b']') if self.is_batch => {
                self.is_over = true;
                self.rest.next().is_none()
            }
            Some(_) => false,
            None => {
                self.is_over = true;
                !self.is_batch
            }
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn answer(&mut self) -> Option<Answer> {
        let (mut version, mut id, mut result, mut is_error) = (false, None, None, false);
        self.expect(b'{')?;
        loop {
            let name = self.string()?;
            self.expect(b':')?;
            match name {
                b"jsonrpc" => version = self.string()? == b"2.0",
                b"id" => id = Some(u32::try_from(self.integer()?).ok()?),
                b"result" => result = Some(self.integer()?),
                b"error" => {
                    self.object()?;
                    is_error = true;
                }
                _ => return None,
            }
            match self.next()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        let id = id.filter(|_| version)?;
        match result {
            Some(result) if !is_error => Some(Answer::Result { id, result }),
            None if is_error => Some(Answer::Error { id }),
            _ => None,
        }
    }

    /// The next byte that is not white space.
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            self.at += 1;
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// The text between quotes. Escapes are left as they are.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match *self.text.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(&self.text[start..self.at - 1])
    }

    fn integer(&mut self) -> Option<i64> {
        let first = self.next()?;
        let start = self.at - 1;
        if first != b'-' && !first.is_ascii_digit() {
            return None;
        }
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        str::from_utf8(&self.text[start..self.at]).ok()?.parse().ok()
    }

    /// Skips an object, whatever is in it.
    fn object(&mut self) -> Option<()> {
        self.expect(b'{')?;
        let mut depth = 1;
        while depth > 0 {
            match self.next()? {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b'"' => {
                    self.at -= 1;
                    self.string()?;
                }
                _ => {}
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_errors_are_read_in_any_order_and_spacing() {
        let result = [Ok(Answer::Result { id: 12, result: -3 })];
        assert!(parse(br#"{"jsonrpc":"2.0","result":-3,"id":12}"#).eq(result));
        let result = [Ok(Answer::Result { id: 12, result: -3 })];
        let spaced = b"{ \"id\": 12,\n \"result\": -3, \"jsonrpc\": \"2.0\" } ";
        assert!(parse(spaced).eq(result));
        let error = br#"{"jsonrpc":"2.0","error":{"code":-1,"message":"}\"{","data":{}},"id":7}"#;
        assert!(parse(error).eq([Ok(Answer::Error { id: 7 })]));
    }

    #[test]
    fn a_batch_is_read_whole() {
        let text =
            br#" [{"jsonrpc":"2.0","result":1,"id":2}, {"jsonrpc":"2.0","error":{},"id":3}]"#;
        let first = Answer::Result { id: 2, result: 1 };
        assert!(parse(text).eq([Ok(first), Ok(Answer::Error { id: 3 })]));
        for wrong in ["[", "[]", "[1]"] {
            assert!(parse(wrong.as_bytes()).eq([Err(NotAnAnswer)]), "{wrong}");
        }
        for half in [
            r#"[{"jsonrpc":"2.0","result":1,"id":2},"#,
            r#"[{"jsonrpc":"2.0","result":1,"id":2}]]"#,
        ] {
            assert!(parse(half.as_bytes()).any(|answer| answer.is_err()), "{half}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for wrong in [
            "",
            "[]",
            r#"{"jsonrpc":"2.0","result":1}"#,
            r#"{"result":1,"id":1}"#,
            r#"{"jsonrpc":"1.0","result":1,"id":1}"#,
            r#"{"jsonrpc":"2.0","result":1,"error":{},"id":1}"#,
            r#"{"jsonrpc":"2.0","result":"1","id":1}"#,
            r#"{"jsonrpc":"2.0","result":1.5,"id":1}"#,
            r#"{"jsonrpc":"2.0","result":1,"id":null}"#,
            r#"{"jsonrpc":"2.0","result":1,"id":-1}"#,
            r#"{"jsonrpc":"2.0","result":1,"id":1"#,
            r#"{"jsonrpc":"2.0","result":1,"id":1}}"#,
            r#"{"jsonrpc":"2.0","method":"add","id":1}"#,
        ] {
            assert!(parse(wrong.as_bytes()).eq([Err(NotAnAnswer)]), "{wrong}");
        }
    }
}
