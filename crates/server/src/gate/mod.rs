//! Who may come in.

pub(crate) mod admission;
mod failures;
pub(crate) mod refusals;
pub(crate) mod token_gate;
pub(crate) mod tokens;
