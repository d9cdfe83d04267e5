//! Frames that are encoded before they are queued.

use std::sync::Arc;

use crate::frame::{self, MAX_UNMASKED_HEADER, Opcode};
use crate::message::Kind;

/// A whole frame, for [`Connection::send_encoded`](crate::Connection::send_encoded).
pub fn encode_frame(kind: Kind, payload: &[u8]) -> Arc<[u8]> {
    let mut frame = Vec::with_capacity(MAX_UNMASKED_HEADER + payload.len());
    frame::encode(kind.into(), payload, &mut frame);
    frame.into()
}

/// The same with a ping behind it, whose pong says that the peer has read the message. The payload
/// of the ping is at most 125 bytes.
pub fn encode_frame_and_ping(kind: Kind, payload: &[u8], ping: &[u8]) -> Arc<[u8]> {
    let size = 2 * MAX_UNMASKED_HEADER + payload.len() + ping.len();
    let mut frames = Vec::with_capacity(size);
    frame::encode(kind.into(), payload, &mut frames);
    frame::encode(Opcode::Ping, ping, &mut frames);
    frames.into()
}

/// A whole message in one frame, encoded by its sender, so that a large one is copied only once.
#[derive(Debug)]
pub struct Frame {
    kind: Kind,
    pub(super) bytes: Vec<u8>,
    payload_size: usize,
}

impl Frame {
    /// Text must be UTF-8: it is not checked here.
    pub fn new(kind: Kind, payload: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(MAX_UNMASKED_HEADER + payload.len());
        frame::encode(kind.into(), payload, &mut bytes);
        Self { kind, bytes, payload_size: payload.len() }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The message.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.bytes.len() - self.payload_size..]
    }
}
