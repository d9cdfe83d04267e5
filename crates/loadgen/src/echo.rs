//! `echo`: connections x depth messages in flight for some seconds, every reply checked.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::connection::{Connection, Shared};
use crate::error::Error;
use crate::frame::{Batch, Kind, Reply};
use crate::histogram::Histogram;
use crate::opening::{self, Target};
use crate::report::Report;

const READ_AT_LEAST: usize = 256 * 1024;
/// How often a run that hears nothing looks at its deadlines.
const LOOK: Duration = Duration::from_millis(50);

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) kind: Kind,
    pub(crate) connections: usize,
    /// Messages in flight on each connection.
    pub(crate) depth: usize,
    /// Payload bytes.
    pub(crate) size: usize,
    pub(crate) seconds: Duration,
    pub(crate) warmup: Duration,
    /// A server that is silent for so long has failed.
    pub(crate) timeout: Duration,
}

/// Measures, or says why the figures would mean nothing.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let mut run = Run::open(options)?;
    run.until(options.warmup)?;
    run.shared.round_trips = Histogram::new();
    let started = run.now();
    run.until(started + options.seconds)?;
    let seconds = run.now().saturating_sub(started).as_secs_f64();
    let measured = std::mem::replace(&mut run.shared.round_trips, Histogram::new());
    run.finish()?;
    Ok(Report::new(options, seconds, &measured))
}

/// The connections of a run, and the loop that drives them.
struct Run {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    shared: Shared,
    /// All times are counted from here.
    origin: Instant,
    timeout: Duration,
    /// When a reply arrived last.
    heard: Duration,
}

impl Run {
    /// Opens all connections, then writes the first messages on each.
    fn open(options: &Options) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("create the poll"))?;
        let address = options.target.address()?;
        let mut connections = Vec::with_capacity(options.connections);
        for index in 0..options.connections {
            let (stream, unread) = if options.kind == Kind::Raw {
                (opening::connect(address, options.timeout)?, Vec::new())
            } else {
                opening::open(&options.target, address, options.timeout)?
            };
            stream.set_nonblocking(true).map_err(Error::io("unblock a socket"))?;
            let stream = mio::net::TcpStream::from_std(stream);
            let mut connection = Connection::new(index, stream, options.depth, unread);
            poll.registry()
                .register(
                    connection.stream(),
                    Token(index),
                    Interest::READABLE | Interest::WRITABLE,
                )
                .map_err(Error::io("register a socket"))?;
            connections.push(connection);
        }
        let reply = Reply::new(options.kind, options.size);
        let shared = Shared {
            batch: Batch::new(options.kind, options.size, options.depth),
            buffer: vec![0; READ_AT_LEAST + reply.length()],
            reply,
            round_trips: Histogram::new(),
            sending: true,
        };
        let mut run = Self {
            poll,
            events: Events::with_capacity(options.connections.clamp(16, 1024)),
            connections,
            shared,
            origin: Instant::now(),
            timeout: options.timeout,
            heard: Duration::ZERO,
        };
        for connection in &mut run.connections {
            connection.start(&mut run.shared, nanoseconds(run.origin))?;
        }
        Ok(run)
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Turns the loop until `end`.
    fn until(&mut self, end: Duration) -> Result<(), Error> {
        loop {
            let left = end.saturating_sub(self.now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left.min(LOOK))?;
        }
    }

    /// Awaits the replies that are still missing, so that a lost one is noticed, and says goodbye.
    fn finish(mut self) -> Result<(), Error> {
        self.shared.sending = false;
        while self.missing() > 0 {
            self.turn(LOOK)?;
        }
        self.connections.into_iter().for_each(|connection| connection.finish(&self.shared.reply));
        Ok(())
    }

    fn missing(&self) -> u64 {
        self.connections.iter().map(|connection| u64::from(connection.missing())).sum()
    }

    /// Waits for events, `longest` at most, and serves them all.
    fn turn(&mut self, longest: Duration) -> Result<(), Error> {
        match self.poll.poll(&mut self.events, Some(longest)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(Error::Io { doing: "poll", source: error });
            }
            _ => {}
        }
        let answered_before = self.shared.round_trips.total();
        for event in &self.events {
            let connection = &mut self.connections[event.token().0];
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                let clock = || nanoseconds(self.origin);
                connection.receive(&mut self.shared, event.is_read_closed(), clock)?;
            }
            if event.is_writable() {
                connection.flush(&mut self.shared.batch)?;
            }
        }
        let now = self.now();
        if self.shared.round_trips.total() > answered_before {
            self.heard = now;
            return Ok(());
        }
        let waited = now.saturating_sub(self.heard);
        if waited > self.timeout {
            let connections = self.connections.iter().filter(|c| c.missing() > 0).count();
            let missing = self.missing();
            return Err(Error::Stalled { waited, missing, connections });
        }
        Ok(())
    }
}

fn nanoseconds(origin: Instant) -> u64 {
    let elapsed = origin.elapsed();
    elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::thread;

    fn options(address: SocketAddr, kind: Kind) -> Options {
        Options {
            target: Target::parse(&format!("tcp://{address}/")).unwrap(),
            kind,
            connections: 1,
            depth: 4,
            size: 16,
            seconds: Duration::from_millis(100),
            warmup: Duration::from_millis(20),
            timeout: Duration::from_millis(200),
        }
    }

    /// Measures a TCP server that treats what it reads as `treat` says, as soon as it has 64 bytes:
    /// the first four messages.
    fn against(mut treat: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Result<Report, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 64];
            while let Ok(()) = stream.read_exact(&mut bytes) {
                treat(&mut bytes);
                if stream.write_all(&bytes).is_err() {
                    break;
                }
                bytes = vec![0; 64];
            }
        });
        let result = run(&options(address, Kind::Raw));
        server.join().unwrap();
        result
    }

    #[test]
    fn a_true_echo_is_measured() {
        let report = against(|_| {}).unwrap();
        assert!(report.messages > 10);
    }

    #[test]
    fn one_byte_at_a_time_is_a_true_echo_too() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            let mut byte = [0];
            while let Ok(1) = stream.read(&mut byte) {
                if stream.write_all(&byte).is_err() {
                    break;
                }
            }
        });
        let report = run(&options(address, Kind::Raw)).unwrap();
        assert!(report.messages > 0);
        server.join().unwrap();
    }

    #[test]
    fn reordered_repeated_and_damaged_replies_are_told_apart() {
        let fault = |result: Result<Report, Error>| match result {
            Err(Error::Reply { connection: 0, sequence, fault }) => (sequence, fault),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        };
        let found = "00000001".to_owned();
        let swapped = against(|bytes| bytes[..32].rotate_left(16));
        assert_eq!(fault(swapped), (0, Fault::Sequence { found }));
        let found = "00000000".to_owned();
        let repeated = against(|bytes| bytes.copy_within(..16, 16));
        assert_eq!(fault(repeated), (1, Fault::Sequence { found }));
        let damaged = against(|bytes| bytes[3 * 16 + 9] ^= 0x20);
        assert_eq!(fault(damaged), (3, Fault::Payload { offset: 9 }));
    }

    #[test]
    fn a_lost_reply_and_a_silent_server_end_within_the_timeout() {
        let lost = against(|bytes| bytes.truncate(48));
        assert!(matches!(lost, Err(Error::Stalled { missing: 4, connections: 1, .. })));
        let began = Instant::now();
        let silent = against(Vec::clear);
        assert!(matches!(silent, Err(Error::Stalled { missing: 4, .. })));
        assert!(began.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_server_that_goes_away_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || drop(listener.accept().unwrap()));
        let result = run(&options(address, Kind::Raw));
        server.join().unwrap();
        assert!(matches!(result, Err(Error::Closed { connection: 0, sequence: 0, .. })));
    }

    /// Measures a WebSocket server in the smallest sense: a fixed 101 with `first` right behind it,
    /// then whatever `then` does.
    fn websocket(
        first: &'static [u8],
        then: impl FnOnce(&mut TcpStream) + Send + 'static,
    ) -> Result<Report, Error> {
        const YES: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(&[YES, first].concat()).unwrap();
            then(&mut stream);
        });
        let mut options = options(address, Kind::Text);
        options.target = Target::parse(&format!("ws://{address}/")).unwrap();
        let result = run(&options);
        server.join().unwrap();
        result
    }

    #[test]
    fn a_ping_is_answered_and_a_close_is_reported_with_its_reason() {
        let result = websocket(b"\x89\x02hi", |stream| {
            let mut sent = [0; 4 * (6 + 16) + 6 + 2];
            stream.read_exact(&mut sent).unwrap();
            assert_eq!(sent[4 * (6 + 16)..][..2], [0x8a, 0x82]);
            stream.write_all(b"\x88\x06\x03\xe9away").unwrap();
        });
        let Err(Error::Closed { reason, sequence: 0, .. }) = result else { panic!("accepted") };
        assert_eq!(reason, "closed with 1001 \"away\"");
    }

    #[test]
    fn a_reply_of_another_kind_is_a_fault() {
        let result = websocket(b"\x82\x1000000000abcdefgh", |_| {});
        let expected = Fault::Header { found: 0x82, expected: 0x81 };
        assert!(matches!(result, Err(Error::Reply { fault, .. }) if fault == expected));
    }
}
