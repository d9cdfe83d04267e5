//! permessage-deflate as a client does it: with the flate2 crate over `miniz_oxide`, which shares
//! nothing with what the server compresses with.

use std::sync::Arc;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress};
use stagedoor_protocol::{Compression, Config, Connection, HeadReader, Request};

use crate::support::*;

/// RSV1: the message is compressed.
pub(crate) const RSV1: u8 = 0x40;

/// A request with this in its Sec-WebSocket-Extensions.
pub(crate) fn request(offer: &str) -> Request {
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n");
    HeadReader::default().receive(head.as_bytes()).unwrap().unwrap()
}

impl Stage {
    /// A connection whose client has made this offer.
    pub(crate) fn with_deflate(config: &Config, offer: &str) -> Self {
        Self::compressing(&Compression::new(100, 100), config, offer)
    }

    pub(crate) fn compressing(shared: &Arc<Compression>, config: &Config, offer: &str) -> Self {
        let mut stage = Self::with(config);
        let deflate = shared.accept(&request(offer)).expect("an acceptable offer");
        stage.connection = Connection::new(config, stage.now).with_deflate(deflate);
        stage
    }
}

/// The client's side.
pub(crate) struct Peer {
    compress: Compress,
    decompress: Decompress,
    client_takeover: bool,
    server_takeover: bool,
}

impl Peer {
    pub(crate) fn new(offer: &str) -> Self {
        Self {
            compress: Compress::new(flate2::Compression::best(), false),
            decompress: Decompress::new(false),
            client_takeover: !offer.contains("client_no_context_takeover"),
            server_takeover: !offer.contains("server_no_context_takeover"),
        }
    }

    /// A part of a message. The last one's flush is not sent.
    pub(crate) fn compress_part(&mut self, part: &[u8], is_last: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(part.len() * 2 + 100);
        let before = self.compress.total_in();
        self.compress.compress_vec(part, &mut out, FlushCompress::Sync).unwrap();
        assert_eq!(self.compress.total_in() - before, part.len() as u64);
        if is_last {
            assert!(out.ends_with(&[0, 0, 0xff, 0xff]) && out.len() < out.capacity());
            out.truncate(out.len() - 4);
            if !self.client_takeover {
                self.compress.reset();
            }
        }
        out
    }

    pub(crate) fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        self.compress_part(message, true)
    }

    /// A message from the server, which must be whole.
    pub(crate) fn decompress(&mut self, payload: &[u8]) -> Vec<u8> {
        let whole = [payload, &[0, 0, 0xff, 0xff]].concat();
        let mut message = Vec::new();
        let end = self.decompress.total_in() + whole.len() as u64;
        while self.decompress.total_in() < end || message.len() == message.capacity() {
            message.reserve(message.len() + 1000);
            let unread = usize::try_from(end - self.decompress.total_in()).unwrap();
            let rest = &whole[whole.len() - unread..];
            let flush = FlushDecompress::Sync;
            self.decompress.decompress_vec(rest, &mut message, flush).unwrap();
        }
        if !self.server_takeover {
            self.decompress.reset(false);
        }
        message
    }
}

/// The frames in what a server wrote, as their first byte and payload.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, length, rest @ ..] = bytes {
        let (length, rest) = match (length, rest) {
            (127, rest) => {
                let (length, rest) = rest.split_first_chunk().unwrap();
                (u64::from_be_bytes(*length), rest)
            }
            (126, rest) => {
                let (length, rest) = rest.split_first_chunk().unwrap();
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            _ => (u64::from(*length), rest),
        };
        let (payload, later) = rest.split_at(usize::try_from(length).unwrap());
        frames.push((*first, payload.to_vec()));
        bytes = later;
    }
    frames
}

/// Text like that of an RPC: it repeats itself.
pub(crate) fn json(seed: usize, bytes: usize) -> String {
    let mut text = String::new();
    for at in 0.. {
        if text.len() >= bytes {
            break;
        }
        let x = (seed + at) * 7919 % 1000;
        text.extend([
            r#"{"id": "#,
            &(seed + at).to_string(),
            r#", "x": "#,
            &x.to_string(),
            ".5}, ",
        ]);
    }
    text.truncate(bytes);
    text
}

/// Bytes that cannot be compressed.
pub(crate) fn noise(mut seed: u64, bytes: usize) -> Vec<u8> {
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed.to_be_bytes()[0]
    };
    (0..bytes).map(|_| next()).collect()
}
