//! JSON-RPC 2.0 requests of the usual form, read without a copy.
//!
//! [`Request::read`] is a recognizer: it says what a message asks for, or that the message is for
//! a parser that knows every form and every error. No I/O, no Python.

mod cursor;

use cursor::Cursor;

/// Digits of an id that is a number: fewer than the least that might not fit 64 bits.
const MAX_DIGITS: usize = 18;

/// A call: a JSON object with the members `jsonrpc`, `method`, `id`, perhaps `params`, each once
/// and in any order, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Printable ASCII.
    pub method: &'a str,
    /// What stands between the first bracket and the one that closes it, with both: JSON text if
    /// a parser takes it for some. `None`: the member is missing.
    pub params: Option<&'a str>,
    /// What the answer repeats: a whole number of at most 18 digits, or printable ASCII without an
    /// escape, in its quotes.
    pub id: &'a str,
}

impl<'a> Request<'a> {
    /// Reads a message, in time proportional to its length. `None`: it is something else, or a
    /// request of another form, as a notification, a batch, an id or a name with an escape in it,
    /// or params that nest deeper than this: `[1]` is 1 deep.
    ///
    /// Whatever this returns, a parser that checks everything returns the same, if it takes the
    /// params: brackets are counted here, not told apart, and nothing between them is looked at.
    pub fn read(message: &'a str, max_nesting: usize) -> Option<Self> {
        let mut cursor = Cursor::new(message);
        let (mut method, mut params, mut id) = (None, None, None);
        let mut has_version = false;
        cursor.expect(b'{')?;
        loop {
            let name = cursor.text()?;
            cursor.expect(b':')?;
            let is_repeated = match name {
                "jsonrpc" if cursor.text()? == "2.0" => std::mem::replace(&mut has_version, true),
                "method" => method.replace(cursor.text()?).is_some(),
                "params" => params.replace(cursor.brackets(max_nesting)?).is_some(),
                "id" => id.replace(cursor.id()?).is_some(),
                _ => return None,
            };
            if is_repeated {
                return None;
            }
            match cursor.token()? {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        cursor.expect_end()?;
        has_version.then_some(Self { method: method?, params, id: id? })
    }
}
