//! What the network thread asks of the system: connections, their bytes, and the time.
//!
//! Nothing else on that thread touches a socket or reads a clock.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Instant;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use crate::descriptors::Listed;

/// A connected socket. Like the system's, it is told of by the poll only when something has
/// changed since it would block.
pub(crate) struct Socket(Listed<TcpStream>);

impl Socket {
    /// From now on the poll tells of it, by this token.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut *self.0, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.set_nodelay(nodelay)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A listening socket.
pub(crate) struct Listener(Listed<TcpListener>);

impl Listener {
    pub(crate) fn new(listener: Listed<TcpListener>) -> Self {
        Self(listener)
    }

    /// From now on the poll tells of connections that wait, by this token.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut *self.0, token, Interest::READABLE)
    }

    /// Accepts one connection.
    pub(crate) fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        let (stream, address) = Listed::open(|| self.0.accept())?;
        Ok((Socket(stream), address))
    }
}

/// The time by which the network thread measures.
pub(crate) struct Clock;

impl Clock {
    #[expect(clippy::unused_self, reason = "the clock of a network, not of the process")]
    pub(crate) fn now(&self) -> Instant {
        Instant::now()
    }
}
