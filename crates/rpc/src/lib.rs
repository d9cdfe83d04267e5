//! JSON-RPC 2.0 requests of the usual form, read without a copy.
//!
//! [`Request::read`] is a recognizer. It says what a message asks for, or leaves the message to a
//! parser that knows every form and every error. It does no I/O and knows no Python.

mod cursor;
mod nesting;

use cursor::Cursor;
pub use nesting::without_deeper;

/// The most digits of an id that is a number: with more, it might not fit 64 bits.
const MAX_DIGITS: usize = 18;

/// A call: a JSON object with the members `jsonrpc`, `method`, `id` and perhaps `params`, each
/// once, in any order, and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Printable ASCII.
    pub method: &'a str,
    /// The text from the first bracket to the one that closes it. Only a parser can tell whether it
    /// is JSON. `None`: the member is missing.
    pub params: Option<&'a str>,
    /// The text that the answer repeats: a whole number of at most 18 digits, or printable ASCII
    /// without an escape, in its quotes.
    pub id: &'a str,
}

impl<'a> Request<'a> {
    /// Reads a message, in time proportional to its length. `None`: it is something else, or a
    /// request of another form: a notification, a batch, an id or a name with an escape in it, or
    /// params that nest deeper than `max_nesting`, where `[1]` is 1 deep.
    ///
    /// A parser that checks everything returns the same, if it accepts the params. Here their
    /// brackets are only counted, whatever kind they are, and nothing between them is checked.
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
