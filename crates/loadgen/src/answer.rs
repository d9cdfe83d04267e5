//! Answers of JSON-RPC 2.0 to calls whose ids and results are integers.

/// What a server says to a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Result { id: u32, result: i64 },
    Error { id: u32 },
}

/// `None` for what is no such answer.
pub(crate) fn parse(text: &[u8]) -> Option<Answer> {
    let mut rest = Reader { text, at: 0 };
    let (mut version, mut id, mut result, mut is_error) = (false, None, None, false);
    rest.expect(b'{')?;
    loop {
        let name = rest.string()?;
        rest.expect(b':')?;
        match name {
            b"jsonrpc" => version = rest.string()? == b"2.0",
            b"id" => id = Some(u32::try_from(rest.integer()?).ok()?),
            b"result" => result = Some(rest.integer()?),
            b"error" => {
                rest.object()?;
                is_error = true;
            }
            _ => return None,
        }
        match rest.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    let id = id.filter(|_| version && rest.next().is_none())?;
    match result {
        Some(result) if !is_error => Some(Answer::Result { id, result }),
        None if is_error => Some(Answer::Error { id }),
        _ => None,
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is no white space.
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

    /// What stands between quotes, escapes left as they are.
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
        let result = Some(Answer::Result { id: 12, result: -3 });
        assert_eq!(parse(br#"{"jsonrpc":"2.0","result":-3,"id":12}"#), result);
        assert_eq!(parse(b"{ \"id\": 12,\n \"result\": -3, \"jsonrpc\": \"2.0\" } "), result);
        let error = br#"{"jsonrpc":"2.0","error":{"code":-1,"message":"}\"{","data":{}},"id":7}"#;
        assert_eq!(parse(error), Some(Answer::Error { id: 7 }));
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
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
