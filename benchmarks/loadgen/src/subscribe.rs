//! `subscribe`: many connections that subscribe to topics of a stage and read what comes.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::error::Error;
use crate::frame::{self, Ended, FIN, Messages, TEXT};
use crate::opening::{self, Target};
use crate::socket::{Received, Socket};

const BUFFER: usize = 256 * 1024;
const DATA: &[u8] = br#""method":"topic.data""#;
const RESULT: &[u8] = br#""result":"#;
const ERROR: &[u8] = br#""error":"#;

/// How many subscribe to what, and for how long they stay.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) topics: Vec<String>,
    pub(crate) connections: usize,
    pub(crate) hold: Duration,
    /// How long the subscribing may take.
    pub(crate) timeout: Duration,
}

/// Prints `ready N` when all have subscribed, then, when the time is over, one JSON object: how
/// many values came to all of them, and to the one that got the fewest.
pub(crate) fn run(options: &Options) -> Result<String, Error> {
    let mut run = Run::open(options)?;
    run.until(Instant::now() + options.timeout, |subscribers| {
        subscribers.iter().all(|subscriber| subscriber.answers == options.topics.len())
    })?;
    let waiting = run
        .subscribers
        .iter()
        .filter(|subscriber| subscriber.answers < options.topics.len())
        .count();
    if waiting > 0 {
        let (waited, missing) = (options.timeout, waiting as u64);
        return Err(Error::Stalled { waited, missing, connections: waiting });
    }
    println!("ready {}", options.connections);
    run.until(Instant::now() + options.hold, |_| false)?;
    let values = || run.subscribers.iter().map(|subscriber| subscriber.values);
    let (sum, least) = (values().sum::<u64>(), values().min().unwrap_or(0));
    Ok(format!(r#"{{"connections": {}, "values": {sum}, "fewest": {least}}}"#, options.connections))
}

struct Run {
    poll: Poll,
    events: Events,
    subscribers: Vec<Subscriber>,
    buffer: Vec<u8>,
}

impl Run {
    fn open(options: &Options) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("create the poll"))?;
        let address = options.target.address()?;
        let requests: Vec<u8> = options.topics.iter().flat_map(|topic| request(topic)).collect();
        let mut subscribers = Vec::with_capacity(options.connections);
        for index in 0..options.connections {
            let (stream, unread) = opening::open(&options.target, address, options.timeout)?;
            stream.set_nonblocking(true).map_err(Error::io("unblock a socket"))?;
            let mut stream = mio::net::TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(index), Interest::READABLE)
                .map_err(Error::io("register a socket"))?;
            let socket = Socket::new(stream, unread);
            let mut subscriber = Subscriber { index, socket, answers: 0, values: 0 };
            subscriber.write(&requests)?;
            subscribers.push(subscriber);
        }
        Ok(Self { poll, events: Events::with_capacity(1024), subscribers, buffer: vec![0; BUFFER] })
    }

    /// Reads until `end`, or until `is_enough`.
    fn until(
        &mut self,
        end: Instant,
        is_enough: impl Fn(&[Subscriber]) -> bool,
    ) -> Result<(), Error> {
        while !is_enough(&self.subscribers) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.poll.poll(&mut self.events, Some(left)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(Error::Io { doing: "poll", source: error });
                }
                _ => {}
            }
            for event in &self.events {
                let subscriber = &mut self.subscribers[event.token().0];
                subscriber.receive(&mut self.buffer, event.is_read_closed())?;
            }
        }
        Ok(())
    }
}

struct Subscriber {
    index: usize,
    socket: Socket,
    /// Topics it has subscribed to.
    answers: usize,
    /// Values of the topics that have come.
    values: u64,
}

impl Subscriber {
    /// Reads until the socket is empty.
    fn receive(&mut self, buffer: &mut [u8], until_closed: bool) -> Result<(), Error> {
        while let Some(Received { length, is_last }) =
            self.socket.read(buffer).map_err(|reason| self.closed(reason))?
        {
            let (mut messages, mut pongs) =
                (Messages::new(&buffer[..length], FIN | TEXT), Vec::new());
            while let Some(payload) =
                messages.next(&mut pongs).map_err(|ended| self.ended(ended))?
            {
                self.take(payload)?;
            }
            self.socket.keep(messages.rest());
            if !pongs.is_empty() {
                self.write(&pongs)?;
            }
            if is_last && !until_closed {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, text: &[u8]) -> Result<(), Error> {
        if contains(text, DATA) {
            self.values += 1;
        } else if contains(text, RESULT) {
            self.answers += 1;
        } else if contains(text, ERROR) {
            return Err(self.closed(format!("sent {:?}", String::from_utf8_lossy(text))));
        }
        Ok(())
    }

    /// Writes something small and rare, which the socket takes whole.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self.socket.write(bytes).map_err(|reason| self.closed(reason))? {
            Some(length) if length == bytes.len() => Ok(()),
            _ => Err(self.closed("does not read".to_owned())),
        }
    }

    fn ended(&self, ended: Ended) -> Error {
        match ended {
            Ended::Fault(fault) => Error::Reply { connection: self.index, sequence: 0, fault },
            Ended::Closed(reason) => self.closed(reason),
        }
    }

    fn closed(&self, reason: String) -> Error {
        Error::Closed { connection: self.index, sequence: 0, reason }
    }
}

/// The frame that asks for a topic, in the mode in which a slow reader gets the newest value.
fn request(topic: &str) -> Vec<u8> {
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"topic.subscribe","params":{{"topic":"{topic}"}}}}"#
    );
    frame::masked(FIN | TEXT, text.as_bytes())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{accept, server, target};
    use std::io::{Read as _, Write as _};

    /// Two subscribers of a server that sends `first` and `second` to each.
    fn against(first: &'static str, second: &'static str) -> Result<String, Error> {
        let (address, server) = server(move |listener| {
            let mut streams = [(), ()].map(|()| accept(listener, "", b""));
            for stream in &mut streams {
                stream.read_exact(&mut vec![0; request("t").len()]).unwrap();
                for text in [first, second] {
                    let mut frame = frame::header(0x81, text.len(), 0);
                    frame.extend(text.as_bytes());
                    let _ = stream.write_all(&frame); // it may have left
                }
            }
            for stream in &mut streams {
                let _ = stream.read(&mut [0; 16]);
            }
        });
        let result = run(&Options {
            target: target(address),
            topics: vec!["t".to_owned()],
            connections: 2,
            hold: Duration::from_millis(300),
            timeout: Duration::from_millis(500),
        });
        server.join().unwrap();
        result
    }

    #[test]
    fn values_behind_the_answer_are_counted() {
        let data = r#"{"jsonrpc":"2.0","method":"topic.data","params":{}}"#;
        let text = against(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, data).unwrap();
        assert_eq!(text, r#"{"connections": 2, "values": 2, "fewest": 1}"#);
    }

    #[test]
    fn a_refused_subscription_is_a_failure() {
        let refused = against(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}"#, "");
        assert!(matches!(refused, Err(Error::Closed { reason, .. }) if reason.contains("32602")));
    }

    #[test]
    fn silence_is_a_failure_within_the_timeout() {
        let data = r#"{"jsonrpc":"2.0","method":"topic.data","params":{}}"#;
        assert!(matches!(against(data, data), Err(Error::Stalled { connections: 2, .. })));
    }
}
