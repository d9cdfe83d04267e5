//! `tcp-echo`: a raw TCP echo server, what the machine itself can do.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::error::Error;

const LISTENER: Token = Token(usize::MAX);
const CHUNK: usize = 256 * 1024;

/// Where to listen on 127.0.0.1, and for how long.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) seconds: Duration,
}

/// Prints the port, then serves until the time is over.
pub(crate) fn run(options: &Options) -> Result<String, Error> {
    let mut server = Server::bind(options.port).map_err(Error::io("listen"))?;
    let port = server.port().map_err(Error::io("ask for the port"))?;
    println!("{port}");
    server.serve(options.seconds).map_err(Error::io("serve"))?;
    Ok(format!("stopped after {:.0} s", options.seconds.as_secs_f64()))
}

struct Server {
    poll: Poll,
    listener: TcpListener,
    peers: HashMap<Token, Peer>,
    accepted: usize,
}

struct Peer {
    stream: TcpStream,
    /// Read but not yet written: the socket was full, so reading rests.
    pending: Vec<u8>,
}

impl Server {
    fn bind(port: u16) -> io::Result<Self> {
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self { poll, listener, peers: HashMap::new(), accepted: 0 })
    }

    fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    fn serve(&mut self, how_long: Duration) -> io::Result<()> {
        let deadline = Instant::now() + how_long;
        let mut events = Events::with_capacity(1024);
        let mut buffer = vec![0; CHUNK];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            match self.poll.poll(&mut events, Some(left)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                let token = event.token();
                if token == LISTENER {
                    self.accept()?;
                } else if let Some(peer) = self.peers.get_mut(&token)
                    && !peer.echo(&mut buffer, event.is_read_closed())
                {
                    self.peers.remove(&token);
                }
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    stream.set_nodelay(true)?;
                    let token = Token(self.accepted);
                    self.accepted += 1;
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    self.poll.registry().register(&mut stream, token, interest)?;
                    self.peers.insert(token, Peer { stream, pending: Vec::new() });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Peer {
    /// Sends back what has arrived; false when the peer is gone.
    fn echo(&mut self, buffer: &mut [u8], until_closed: bool) -> bool {
        loop {
            if !self.pending.is_empty() {
                match self.stream.write(&self.pending) {
                    Ok(length) => drop(self.pending.drain(..length)),
                    Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
                }
                continue;
            }
            let length = match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(length) => length,
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            };
            let written = match self.stream.write(&buffer[..length]) {
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(_) => return false,
            };
            self.pending.extend_from_slice(&buffer[written..length]);
            // On Unix a read that did not fill the buffer has emptied the socket.
            let emptied = cfg!(unix) && length < buffer.len() && !until_closed;
            if emptied && self.pending.is_empty() {
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo;
    use crate::opening::Target;
    use crate::payload::Kind;
    use crate::run::Load;
    use std::thread;

    #[test]
    fn small_and_large_messages_come_back_on_many_connections() {
        let mut server = Server::bind(0).unwrap();
        let port = server.port().unwrap();
        // Longer than the test can take: it ends with the process.
        thread::spawn(move || server.serve(Duration::from_secs(60)));
        for (connections, depth, size) in [(16, 8, 64), (2, 4, 1024 * 1024)] {
            let report = echo::run(&echo::Options {
                load: Load {
                    target: Target::parse(&format!("tcp://127.0.0.1:{port}")).unwrap(),
                    connections,
                    depth,
                    seconds: Duration::from_millis(200),
                    warmup: Duration::ZERO,
                    timeout: Duration::from_secs(5),
                    announce: false,
                },
                kind: Kind::Raw,
                size,
            });
            assert!(report.unwrap().messages > 0, "{connections} x {depth} x {size}");
        }
    }
}
