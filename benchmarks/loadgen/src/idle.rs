//! `idle`: many connections that do nothing but answer pings.

use std::io::{self, Read as _, Write as _};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::error::Error;
use crate::frame::{self, Other};
use crate::opening::{self, Target};

/// How many to open and how long to hold them.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) connections: usize,
    pub(crate) hold: Duration,
    pub(crate) timeout: Duration,
}

/// Prints `ready N` when all are open; fails if the server drops one before the time is over.
pub(crate) fn run(options: &Options) -> Result<String, Error> {
    let mut poll = Poll::new().map_err(Error::io("create the poll"))?;
    let address = options.target.address()?;
    let mut connections = Vec::with_capacity(options.connections);
    for index in 0..options.connections {
        let (stream, unread) = opening::open(&options.target, address, options.timeout)?;
        stream.set_nonblocking(true).map_err(Error::io("unblock a socket"))?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry()
            .register(&mut stream, Token(index), Interest::READABLE)
            .map_err(Error::io("register a socket"))?;
        connections.push(Idle { stream, unread });
    }
    println!("ready {}", options.connections);

    let deadline = Instant::now() + options.hold;
    let mut events = Events::with_capacity(1024);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match poll.poll(&mut events, Some(left)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(Error::Io { doing: "poll", source: error });
            }
            _ => {}
        }
        for event in &events {
            let index = event.token().0;
            connections[index].answer().map_err(|reason| Error::Closed {
                connection: index,
                sequence: 0,
                reason,
            })?;
        }
    }
    for connection in &mut connections {
        let _ = connection.stream.write(&frame::close());
    }
    Ok(format!("held {} connections for {:.1} s", connections.len(), options.hold.as_secs_f64()))
}

struct Idle {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Idle {
    /// Reads until the socket is empty and answers the pings in it.
    fn answer(&mut self) -> Result<(), String> {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err("closed without a close frame".to_owned()),
                Ok(length) => self.unread.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.to_string()),
            }
        }
        loop {
            let length = match frame::control(&self.unread) {
                Other::Incomplete => return Ok(()),
                Other::Close { reason } => return Err(reason),
                Other::Pong { length } => length,
                Other::Ping { length, pong } => {
                    self.stream.write_all(&pong).map_err(|error| error.to_string())?;
                    length
                }
            };
            self.unread.drain(..length);
        }
    }
}
