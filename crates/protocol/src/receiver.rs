//! From bytes to messages and control frames, wherever the bytes are cut.

use crate::close_code::{NO_STATUS, is_valid_received};
use crate::deflate::Deflate;
use crate::error::ProtocolError;
use crate::frame::{self, Header, MAX_CONTROL_PAYLOAD, MAX_HEADER, Mask, Opcode, SHORT_HEADER};
use crate::message::{Assembly, Kind, Payload};
use crate::utf8;

/// What a peer may send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) message_size: usize,
    pub(crate) fragments: usize,
}

/// A message, or a control frame.
#[derive(Debug)]
pub(crate) enum Received<'a> {
    Message { kind: Kind, payload: Payload<'a> },
    Ping(Payload<'a>),
    Pong(Payload<'a>),
    Close { code: u16, reason: String },
}

/// Received bytes that have not been read.
#[derive(Debug)]
pub(crate) struct Unread<'a>(pub(crate) &'a mut [u8]);

impl<'a> Unread<'a> {
    /// Removes bytes from the front.
    #[inline]
    fn take(&mut self, count: usize) -> &'a mut [u8] {
        let (front, rest) = std::mem::take(&mut self.0).split_at_mut(count);
        self.0 = rest;
        front
    }
}

/// Reads frames. Call [`next`](Self::next) until it returns `None`: then the bytes are used up. Do
/// not call it again after an error or a close frame.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    /// The start of a header that was cut at the end of the last bytes.
    cut: [u8; MAX_HEADER],
    cut_len: usize,
    /// The frame that was cut inside its payload.
    frame: Option<Frame>,
    /// The message that is not complete; a compressed one from its first header on.
    message: Option<Assembly>,
    /// What has arrived of a control frame that was cut.
    control: Vec<u8>,
}

/// A frame whose payload is still arriving.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    remaining: usize,
    mask: Mask,
}

impl Receiver {
    /// Bytes of memory for what is not complete.
    pub(crate) fn buffered(&self) -> usize {
        self.control.capacity() + self.message.as_ref().map_or(0, Assembly::capacity)
    }

    /// Takes the next message or control frame from the front of `bytes`.
    #[inline]
    pub(crate) fn next<'a>(
        &mut self,
        bytes: &mut Unread<'a>,
        limits: Limits,
        deflate: Option<&mut Deflate>,
    ) -> Option<Result<Received<'a>, ProtocolError>> {
        self.short_message(bytes, limits).or_else(|| self.any(bytes, limits, deflate).transpose())
    }

    /// The most frequent case, in which [`any`](Self::any) would do the same: a message in one
    /// short frame, all of it here.
    #[inline]
    fn short_message<'a>(
        &self,
        bytes: &mut Unread<'a>,
        limits: Limits,
    ) -> Option<Result<Received<'a>, ProtocolError>> {
        let (kind, length, mut mask) = frame::decode_short_message(bytes.0)?;
        let is_between_messages =
            self.cut_len == 0 && self.frame.is_none() && self.message.is_none();
        if !is_between_messages || length > limits.message_size {
            return None;
        }
        let frame = bytes.take(SHORT_HEADER + length);
        let payload = &mut frame[SHORT_HEADER..];
        mask.apply(payload);
        Some(whole_message(kind, payload))
    }

    /// Takes the next of any kind, whole or cut.
    fn any<'a>(
        &mut self,
        bytes: &mut Unread<'a>,
        limits: Limits,
        mut deflate: Option<&mut Deflate>,
    ) -> Result<Option<Received<'a>>, ProtocolError> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.header(bytes, deflate.is_some())? {
                    Some(header) => self.begin(header, limits)?,
                    None => return Ok(None),
                },
            };
            let here = frame.remaining.min(bytes.0.len());
            let part = bytes.take(here);
            frame.mask.apply(part);
            frame.remaining -= here;
            let received = if frame.opcode.is_control() {
                self.control(frame, part)?
            } else {
                self.data(frame, part, limits, deflate.as_deref_mut())?
            };
            if received.is_some() {
                return Ok(received);
            }
            if frame.remaining > 0 {
                self.frame = Some(frame);
                return Ok(None);
            }
        }
    }

    /// Takes a header from the front of `bytes`, or keeps what there is of one.
    #[inline]
    fn header(
        &mut self,
        bytes: &mut Unread<'_>,
        deflate: bool,
    ) -> Result<Option<Header>, ProtocolError> {
        if bytes.0.is_empty() {
            return Ok(None);
        }
        if self.cut_len == 0
            && let Some((header, size)) = Header::decode(bytes.0, deflate)?
        {
            bytes.take(size);
            return Ok(Some(header));
        }
        self.cut_header(bytes, deflate)
    }

    #[cold]
    fn cut_header(
        &mut self,
        bytes: &mut Unread<'_>,
        deflate: bool,
    ) -> Result<Option<Header>, ProtocolError> {
        let had = self.cut_len;
        let more = bytes.0.len().min(MAX_HEADER - had);
        self.cut[had..had + more].copy_from_slice(&bytes.0[..more]);
        let decoded = Header::decode(&self.cut[..had + more], deflate)?;
        let used = decoded.map_or(more, |(_, size)| size - had);
        bytes.take(used);
        self.cut_len = if decoded.is_some() { 0 } else { had + used };
        Ok(decoded.map(|(header, _)| header))
    }

    /// Checks what a header says against the message it belongs to, before its payload.
    fn begin(&mut self, header: Header, limits: Limits) -> Result<Frame, ProtocolError> {
        let Header { fin, is_compressed, opcode, length, mask } = header;
        let remaining = usize::try_from(length).map_err(|_| ProtocolError::MessageTooBig)?;
        if !opcode.is_control() {
            let continues = opcode == Opcode::Continuation;
            let room = match &mut self.message {
                None if continues => return Err(ProtocolError::StrayContinuation),
                Some(_) if !continues => return Err(ProtocolError::Interleaved),
                None if is_compressed => {
                    let message = Assembly::new(kind_of(opcode), true);
                    self.message.insert(message).room(limits.message_size)
                }
                None => limits.message_size,
                Some(message) => {
                    if message.count_fragment() > limits.fragments {
                        return Err(ProtocolError::TooManyFragments);
                    }
                    message.room(limits.message_size)
                }
            };
            if remaining > room {
                return Err(ProtocolError::MessageTooBig);
            }
        }
        Ok(Frame { opcode, fin, remaining, mask })
    }

    /// Takes a part of a data frame's payload.
    #[inline]
    fn data<'a>(
        &mut self,
        frame: Frame,
        part: &'a [u8],
        limits: Limits,
        deflate: Option<&mut Deflate>,
    ) -> Result<Option<Received<'a>>, ProtocolError> {
        let complete = frame.fin && frame.remaining == 0;
        if complete && self.message.is_none() {
            return whole_message(kind_of(frame.opcode), part).map(Some);
        }
        self.assemble(frame, part, limits, deflate)
    }

    fn assemble<'a>(
        &mut self,
        frame: Frame,
        part: &[u8],
        limits: Limits,
        deflate: Option<&mut Deflate>,
    ) -> Result<Option<Received<'a>>, ProtocolError> {
        let begin = || Assembly::new(kind_of(frame.opcode), false);
        let message = self.message.get_or_insert_with(begin);
        let complete = frame.fin && frame.remaining == 0;
        if let Some(deflate) = deflate.filter(|_| message.is_compressed()) {
            decompress(message, part, limits, deflate)?;
            if complete {
                deflate.finish()?;
            }
        } else {
            let expected = if frame.fin {
                message.len() + part.len() + frame.remaining
            } else {
                limits.message_size
            };
            message.push(part, expected)?;
        }
        if !complete {
            return Ok(None);
        }
        let Some(message) = self.message.take() else { return Ok(None) };
        let kind = message.kind();
        Ok(Some(Received::Message { kind, payload: Payload::Owned(message.finish()?) }))
    }

    /// Takes a part of a control frame's payload.
    fn control<'a>(
        &mut self,
        frame: Frame,
        part: &'a [u8],
    ) -> Result<Option<Received<'a>>, ProtocolError> {
        let payload = if frame.remaining == 0 && self.control.is_empty() {
            Payload::Borrowed(part)
        } else {
            self.control.reserve_exact(MAX_CONTROL_PAYLOAD - self.control.len());
            self.control.extend_from_slice(part);
            if frame.remaining > 0 {
                return Ok(None);
            }
            Payload::Owned(std::mem::take(&mut self.control))
        };
        Ok(Some(match frame.opcode {
            Opcode::Close => close(&payload)?,
            Opcode::Ping => Received::Ping(payload),
            _ => Received::Pong(payload),
        }))
    }
}

/// Takes a part of a compressed message. What it becomes is bounded as it comes out.
fn decompress(
    message: &mut Assembly,
    part: &[u8],
    limits: Limits,
    deflate: &mut Deflate,
) -> Result<(), ProtocolError> {
    message.count_compressed(part.len());
    deflate.decompress(part, |piece| {
        let room = limits.message_size.saturating_sub(message.len());
        message.push(&piece[..piece.len().min(room)], limits.message_size)?;
        if piece.len() > room { Err(ProtocolError::MessageTooBig) } else { Ok(()) }
    })
}

const fn kind_of(opcode: Opcode) -> Kind {
    match opcode {
        Opcode::Text => Kind::Text,
        _ => Kind::Binary,
    }
}

#[inline]
fn whole_message(kind: Kind, payload: &[u8]) -> Result<Received<'_>, ProtocolError> {
    if kind == Kind::Text {
        utf8::validate(payload)?;
    }
    Ok(Received::Message { kind, payload: Payload::Borrowed(payload) })
}

/// Reads the payload of a close frame.
fn close(payload: &[u8]) -> Result<Received<'static>, ProtocolError> {
    let (code, reason) = match payload {
        [] => return Ok(Received::Close { code: NO_STATUS, reason: String::new() }),
        [_] => return Err(ProtocolError::TruncatedCloseCode),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    if !is_valid_received(code) {
        return Err(ProtocolError::InvalidCloseCode);
    }
    let reason = str::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
    Ok(Received::Close { code, reason: reason.to_owned() })
}
