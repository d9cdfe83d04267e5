//! The close codes of this project's own that the gate sends. Python has the same, and more, in
//! `stagedoor/wire/close_codes.py`; a test compares them.

/// A wrong token, or none in time; after HTTP's 401.
pub(crate) const NOT_AUTHENTICATED: u16 = 4401;
/// Too many wrong tokens wait for their answer; after HTTP's 429.
pub(crate) const TOO_MANY_FAILURES: u16 = 4429;
