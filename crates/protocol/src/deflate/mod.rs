//! permessage-deflate (RFC 7692): what was agreed on, and the contexts that it takes.
//!
//! A context is what compressing or decompressing remembers. With *takeover* it is kept from one
//! message to the next, so that what was sent before need not be sent again; it costs memory for
//! as long as it is kept. [`Compression`] bounds that for all connections of a server together.

mod contexts;
mod deflater;
mod inflater;
mod offer;

use std::fmt;
use std::sync::Arc;

use crate::error::ProtocolError;
use crate::handshake::Request;

pub use contexts::Compression;
use deflater::Deflater;
use inflater::Inflater;
use offer::Offer;

/// A message shorter than this is not compressed, because it would save less than TCP adds to it.
const WORTHWHILE: usize = 128;
/// The same for a connection without takeover, where no message can refer to an earlier one: JSON
/// of 140 bytes shrinks to 96 %, of 300 bytes to 70 %.
const WORTHWHILE_ALONE: usize = 256;

/// permessage-deflate of one connection.
///
/// [`Compression::accept`] makes it from an offer; [`Upgrade::response`](crate::Upgrade::response)
/// tells the client of it, and [`Connection::with_deflate`](crate::Connection::with_deflate) takes
/// it over. It has no memory for contexts until there is something to compress or decompress.
pub struct Deflate {
    terms: Terms,
    shared: Arc<Compression>,
    inflater: Option<Inflater>,
    deflater: Option<Deflater>,
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Terms {
    server_takeover: bool,
    client_takeover: bool,
    /// What the client asked for; `None`: it takes any.
    server_window_bits: Option<u8>,
}

impl Compression {
    /// Accepts the first offer of the request that can be accepted.
    ///
    /// A client for which there is no room to keep a context is told not to use one.
    pub fn accept(self: &Arc<Self>, request: &Request) -> Option<Deflate> {
        let offer = Offer::first_acceptable(request.all("Sec-WebSocket-Extensions"))?;
        let terms = Terms {
            server_takeover: !offer.server_no_context_takeover,
            client_takeover: !offer.client_no_context_takeover && self.reserve_inflater(),
            server_window_bits: offer.server_max_window_bits,
        };
        Some(Deflate { terms, shared: Arc::clone(self), inflater: None, deflater: None })
    }
}

impl Deflate {
    /// The value of the Sec-WebSocket-Extensions header that answers the offer.
    pub(crate) fn header(&self) -> String {
        let mut header = "permessage-deflate".to_owned();
        if !self.terms.server_takeover {
            header += "; server_no_context_takeover";
        }
        if !self.terms.client_takeover {
            header += "; client_no_context_takeover";
        }
        if let Some(bits) = self.terms.server_window_bits {
            header.extend(["; server_max_window_bits=", &bits.to_string()]);
        }
        header
    }

    /// Compresses a message, and calls the function with what goes over the wire. `None`: the
    /// message goes as it is. With takeover, the client must get what was compressed.
    pub(crate) fn compress<T>(
        &mut self,
        payload: &[u8],
        put: impl FnOnce(Option<&[u8]>) -> T,
    ) -> T {
        let takeover = self.terms.server_takeover;
        if payload.len() < if takeover { WORTHWHILE } else { WORTHWHILE_ALONE } {
            return put(None);
        }
        let shared = &self.shared;
        let bits = self.terms.server_window_bits.unwrap_or(Deflater::WINDOW_BITS);
        let mut deflater = self.deflater.take().unwrap_or_else(|| shared.take_deflater(bits));
        deflater.is_kept = deflater.is_kept || takeover && shared.may_keep_deflater();
        if deflater.is_kept {
            let result = put(Some(deflater.compress(payload)));
            deflater.recycle();
            self.deflater = Some(deflater);
            return result;
        }
        // No later message refers to it, so it may be left out.
        let compressed = deflater.compress(payload);
        let result = put(Some(compressed).filter(|compressed| compressed.len() < payload.len()));
        shared.give_back_deflater(deflater);
        result
    }

    /// Decompresses a part of a message, and calls the function with what comes out, piece by
    /// piece.
    pub(crate) fn decompress(
        &mut self,
        part: &[u8],
        put: impl FnMut(&[u8]) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        let shared = &self.shared;
        self.inflater.get_or_insert_with(|| shared.take_inflater()).decompress(part, put)
    }

    /// The message's last part has been decompressed: whether that was its end.
    pub(crate) fn finish(&mut self) -> Result<(), ProtocolError> {
        let Some(inflater) = &mut self.inflater else { return Err(ProtocolError::CorruptDeflate) };
        inflater.finish()?;
        if !self.terms.client_takeover
            && let Some(inflater) = self.inflater.take()
        {
            self.shared.give_back_inflater(inflater);
        }
        Ok(())
    }

    /// Forgets what was sent. Later messages do not refer to it, and that is all.
    pub(crate) fn release(&mut self) {
        if let Some(deflater) = self.deflater.take() {
            self.shared.give_back_deflater(deflater);
        }
    }

    /// Bytes of memory for an incomplete message, besides the message itself.
    pub(crate) fn buffered(&self) -> usize {
        // With takeover its place is one of those that `Compression` bounds.
        let only_for_now = self.inflater.is_some() && !self.terms.client_takeover;
        if only_for_now { Inflater::SIZE } else { 0 }
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        self.release();
        if self.terms.client_takeover {
            self.shared.release_inflater();
        }
    }
}

/// Without the contexts, which remember messages.
impl fmt::Debug for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate").field("terms", &self.terms).finish_non_exhaustive()
    }
}
