//! Fuzzing: for any bytes, in any pieces, only what is documented happens, in bounded memory.
//!
//! `make fuzz` runs this for long, `cargo test` for a moment. [`target`] says how, and where inputs
//! are kept.

#[expect(dead_code, reason = "some of what it offers is for other tests")]
#[path = "../connection/deflating.rs"]
mod deflating;
mod frames;
mod handshake;
mod memory;
mod mutation;
#[expect(dead_code, reason = "some of what it offers is for other tests")]
#[path = "../connection/support.rs"]
mod support;
mod target;
