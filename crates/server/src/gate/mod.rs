//! Who may come in.

pub(crate) mod admission;
pub(crate) mod close_code;
pub(crate) mod refusals;
pub(crate) mod token_gate;
pub(crate) mod tokens;
