//! One WebSocket connection after its handshake.

use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::deflate::Deflate;
use crate::error::ProtocolError;
use crate::frame::Opcode;
use crate::heartbeat::Heartbeat;
use crate::incoming::Incoming;
use crate::message::Kind;
use crate::outgoing::{Frame, Outgoing};
use crate::receiver::{Limits, Received, Receiver, Unread};

/// What a connection takes, and how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Bytes that a message may have, over all of its fragments. A larger one gets 1009.
    pub max_message_size: usize,
    /// Frames that a message may have, including empty ones. With more it gets 1008.
    pub max_fragments: usize,
    /// Pings a second that are answered one by one. Beyond that, only the newest ping in what is
    /// received at a time is answered (RFC 6455 section 5.5.3).
    pub max_pings: u32,
    /// How long a peer may be quiet before it is pinged; `None`: there are no pings.
    pub ping_interval: Option<Duration>,
    /// How long a pinged peer may be quiet before it is given up, from when the ping was written.
    pub ping_timeout: Duration,
    /// How long to wait for the end: the peer's close frame, and our last bytes to be written.
    pub close_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message_size: 1024 * 1024,
            max_fragments: 1024,
            max_pings: 10,
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(2),
        }
    }
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// We have closed: nothing more can be sent, but the peer may still send until it closes.
    Closing,
    /// The peer has closed, or was failed or given up. Only bytes that wait are still written.
    Closed,
}

/// What has not happened in time. The connection is over; it has nothing more to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timeout {
    /// The peer did not answer a ping: the connection ended with 1006.
    Ping,
    /// The peer did not answer our close, or did not read our last bytes.
    Close,
}

/// One WebSocket connection after its handshake, seen from the server.
///
/// The owner of the transport drives it:
///
/// - Bytes that were read go into [`receive`](Self::receive); drive its iterator to the end.
/// - After [`receive`](Self::receive), [`send`](Self::send), [`ping`](Self::ping),
///   [`close`](Self::close) or [`handle_timeout`](Self::handle_timeout), what
///   [`transmit`](Self::transmit) shows is written. The number of bytes that the transport took is
///   reported to [`transmitted`](Self::transmitted), with no other call between the two.
/// - [`handle_timeout`](Self::handle_timeout) is called at [`deadline`](Self::deadline), which
///   moves with every call.
/// - When [`is_finished`](Self::is_finished), the transport is closed. If the transport ends before
///   that, the connection is dropped: it ended with 1006.
///
/// An idle connection uses next to no memory besides itself.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    state: State,
    receiver: Receiver,
    outgoing: Outgoing,
    heartbeat: Heartbeat,
    /// When the present second of pings began, and how many were answered in it.
    pings: (Instant, u32),
    deflate: Option<Box<Deflate>>,
    /// Set once the state is no longer open.
    close_deadline: Option<Instant>,
}

impl Connection {
    /// A connection whose 101 response has been queued.
    pub fn new(config: &Config, now: Instant) -> Self {
        Self {
            config: *config,
            state: State::Open,
            receiver: Receiver::default(),
            outgoing: Outgoing::default(),
            heartbeat: Heartbeat::Heard(now),
            pings: (now, 0),
            deflate: None,
            close_deadline: None,
        }
    }

    /// Compresses messages in both directions, as was agreed on in the handshake.
    #[must_use]
    pub fn with_deflate(mut self, deflate: Deflate) -> Self {
        self.deflate = Some(Box::new(deflate));
        self
    }

    /// Whether messages may be compressed, either way.
    pub fn is_compressed(&self) -> bool {
        self.deflate.is_some()
    }

    /// Changes the limit for messages whose next frame has not begun: a peer that has
    /// authenticated may send more.
    pub fn set_max_message_size(&mut self, bytes: usize) {
        self.config.max_message_size = bytes;
    }

    /// Reads what the peer sent. The bytes are unmasked in place, and messages that lie in them
    /// as a whole are not copied.
    pub fn receive<'a>(&'a mut self, bytes: &'a mut [u8], now: Instant) -> Incoming<'a> {
        if !bytes.is_empty() {
            self.heartbeat.heard(now);
        }
        Incoming::new(self, bytes, now)
    }

    /// Queues a message. Text must be UTF-8: it is not checked here.
    ///
    /// Returns the data position of its end: once [`data_position`](Self::data_position) has
    /// reached it, the transport has the whole message. After our close, or after the connection
    /// failed, the message is ignored.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8]) -> u64 {
        if self.deflate.is_some() {
            return self.send_with_deflate(kind, payload);
        }
        self.outgoing.push(kind, payload)
    }

    #[inline(never)]
    fn send_with_deflate(&mut self, kind: Kind, payload: &[u8]) -> u64 {
        let outgoing = &mut self.outgoing;
        // What was compressed must go out: the next message may refer to it.
        match &mut self.deflate {
            Some(deflate) if !outgoing.is_closed() => {
                deflate.compress(payload, |compressed| match compressed {
                    Some(compressed) => outgoing.push_compressed(kind, compressed),
                    None => outgoing.push(kind, payload),
                })
            }
            _ => outgoing.push(kind, payload),
        }
    }

    /// Like [`send`](Self::send), for a message of [`LARGE_PAYLOAD`](crate::LARGE_PAYLOAD) or more,
    /// which is not copied unless it is compressed.
    pub fn send_frame(&mut self, frame: Frame) -> u64 {
        let outgoing = &mut self.outgoing;
        match &mut self.deflate {
            Some(deflate) if !outgoing.is_closed() => {
                let compressed = deflate.compress(frame.payload(), |compressed| {
                    compressed.map(|payload| outgoing.push_compressed(frame.kind(), payload))
                });
                compressed.unwrap_or_else(|| outgoing.push_whole(frame))
            }
            _ => outgoing.push_whole(frame),
        }
    }

    /// Like [`send`](Self::send), for a frame that [`encode_frame`](crate::encode_frame) made once
    /// for many connections. A large frame is shared, not copied; it is never compressed.
    pub fn send_encoded(&mut self, frame: &Arc<[u8]>) -> u64 {
        self.outgoing.push_encoded(frame)
    }

    /// Queues a ping before the data that waits. At most 125 bytes of the payload are sent; a
    /// ping is dropped while 16 KiB of control frames wait, and after our close.
    pub fn ping(&mut self, payload: &[u8]) {
        if self.state == State::Open {
            self.outgoing.push_control(Opcode::Ping, payload);
        }
    }

    /// Queues our close frame behind the data that waits, and starts the close timeout. Only the
    /// first close counts.
    ///
    /// The code must be one that [may be on the wire](crate::close_code::is_valid_received), or
    /// 1005 for a close frame without one. A reason is cut to 123 bytes, at a character.
    pub fn close(&mut self, code: u16, reason: &str, now: Instant) {
        if self.state == State::Open {
            self.state = State::Closing;
            self.outgoing.push_close(code, reason);
            self.start_close_timeout(now);
        }
    }

    /// Fills `slices` with the bytes to write next, and returns how many it filled: 0 means that
    /// nothing waits.
    pub fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.fill(slices)
    }

    /// Reports that the transport took the first `bytes` bytes of what
    /// [`transmit`](Self::transmit) showed.
    pub fn transmitted(&mut self, bytes: usize, now: Instant) {
        self.outgoing.advance(bytes);
        if self.outgoing.control_is_empty() {
            self.heartbeat.left(now);
        }
    }

    /// Bytes of data frames that the transport has taken so far; see [`send`](Self::send).
    pub fn data_position(&self) -> u64 {
        self.outgoing.data_sent()
    }

    /// The data position of the end of what was queued so far.
    pub fn data_end(&self) -> u64 {
        self.outgoing.end()
    }

    /// Bytes that wait to be written, data and control frames.
    pub fn pending(&self) -> usize {
        self.outgoing.pending()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Open => {
                self.heartbeat.deadline(self.config.ping_interval, self.config.ping_timeout)
            }
            _ if self.is_finished() => None,
            _ => self.close_deadline,
        }
    }

    /// Does what is due: pings a quiet peer, or gives the peer up, which is reported once. A call
    /// that comes too early does nothing.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Timeout> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        if self.state != State::Open {
            self.give_up();
            return Some(Timeout::Close);
        }
        if let Heartbeat::Asked(_) = self.heartbeat {
            self.give_up();
            return Some(Timeout::Ping);
        }
        self.outgoing.release();
        if let Some(deflate) = &mut self.deflate {
            deflate.release();
        }
        self.outgoing.push_control(Opcode::Ping, b"");
        self.heartbeat = Heartbeat::Asking;
        None
    }

    /// Bytes of memory for what the peer has sent of an incomplete message.
    pub fn buffered(&self) -> usize {
        let inflating = self.deflate.as_ref().map_or(0, |deflate| deflate.buffered());
        self.receiver.buffered() + inflating
    }

    /// Whether the transport may be closed: both sides have closed, or the connection failed or
    /// was given up, and nothing waits to be written.
    pub fn is_finished(&self) -> bool {
        self.state == State::Closed && self.outgoing.pending() == 0
    }

    /// How far the connection has come.
    pub fn state(&self) -> State {
        self.state
    }

    #[inline]
    pub(crate) fn next_received<'a>(
        &mut self,
        unread: &mut Unread<'a>,
    ) -> Option<Result<Received<'a>, ProtocolError>> {
        if self.state == State::Closed {
            return None;
        }
        let limits = Limits {
            message_size: self.config.max_message_size,
            fragments: self.config.max_fragments,
        };
        self.receiver.next(unread, limits, self.deflate.as_deref_mut())
    }

    /// Whether one more ping may be answered one by one.
    pub(crate) fn counts_ping(&mut self, now: Instant) -> bool {
        let (since, count) = &mut self.pings;
        if now.saturating_duration_since(*since) >= Duration::from_secs(1) {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= self.config.max_pings
    }

    pub(crate) fn pong(&mut self, payload: &[u8]) {
        self.outgoing.push_control(Opcode::Pong, payload);
    }

    /// The peer's close frame came: answer with its code, unless we have closed.
    pub(crate) fn peer_closed(&mut self, code: u16, now: Instant) {
        self.outgoing.push_close(code, "");
        self.end(now);
    }

    /// The peer broke the protocol: the close frame says so, and nothing more is taken.
    pub(crate) fn fail(&mut self, error: ProtocolError, now: Instant) {
        self.outgoing.fail(error.code(), error.reason());
        self.end(now);
    }

    fn end(&mut self, now: Instant) {
        self.state = State::Closed;
        self.receiver = Receiver::default();
        self.deflate = None;
        self.start_close_timeout(now);
    }

    fn give_up(&mut self) {
        self.state = State::Closed;
        self.receiver = Receiver::default();
        self.deflate = None;
        self.outgoing.abort();
    }

    fn start_close_timeout(&mut self, now: Instant) {
        if self.close_deadline.is_none() {
            self.close_deadline = now.checked_add(self.config.close_timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_has_become_quiet_gives_its_memory_back() {
        let start = Instant::now();
        let mut connection = Connection::new(&Config::default(), start);
        connection.send(Kind::Text, &[b'x'; 1000]);
        connection.transmitted(connection.pending(), start);
        assert!(connection.outgoing.held() >= 1000);
        let later = connection.deadline().unwrap();
        assert_eq!(connection.handle_timeout(later), None);
        assert!(connection.outgoing.held() < 100, "only the ping");
    }
}
