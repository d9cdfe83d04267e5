//! `echo`: connections x depth messages in flight for some seconds, every reply checked.

use crate::connection::{Connection, Kit};
use crate::error::Error;
use crate::payload::{Batch, Kind, Reply};
use crate::report::Report;
use crate::run::{self, Load, Plan};

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) load: Load,
    pub(crate) kind: Kind,
    /// Payload bytes.
    pub(crate) size: usize,
}

/// Measures, or says why the figures would mean nothing.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let &Options { ref load, kind, size } = options;
    let depth = load.depth;
    let kit = Kit { batch: Batch::new(kind, size, depth), reply: Reply::new(kind, size) };
    let plan = Plan { load, is_raw: kind == Kind::Raw, longest: kit.reply.length() };
    let client = |index, socket| Connection::new(index, socket, depth);
    let (tally, seconds) = run::measure(&plan, kit, client)?;
    Ok(Report::new(kind.name(), load, size, seconds, &tally))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use crate::opening::Target;
    use crate::testing::{accept, server, target};
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpStream};
    use std::time::{Duration, Instant};

    fn options(address: SocketAddr, kind: Kind) -> Options {
        Options {
            load: Load {
                target: Target::parse(&format!("tcp://{address}/")).unwrap(),
                connections: 1,
                depth: 4,
                seconds: Duration::from_millis(100),
                warmup: Duration::from_millis(20),
                timeout: Duration::from_millis(200),
                announce: false,
            },
            kind,
            size: 16,
        }
    }

    /// Measures a TCP server that treats what it reads as `treat` says, as soon as it has 64 bytes:
    /// the first four messages.
    fn against(mut treat: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Result<Report, Error> {
        let (address, server) = server(move |listener| {
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
        let (address, server) = server(|listener| {
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
        let (address, server) = server(|listener| drop(listener.accept().unwrap()));
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
        let (address, server) = server(move |listener| {
            let mut stream = accept(listener, "", first);
            then(&mut stream);
        });
        let mut options = options(address, Kind::Text);
        options.load.target = target(address);
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
