//! What the network thread asks of the system: connections and their bytes.
//!
//! Nothing else on that thread touches a socket; it has the time from [`super::clock`]. In this
//! crate's tests, calls fail as [`super::faults`] wants.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use super::descriptors::Listed;
use super::faults::{Call, Faults, cut};

/// A connected socket. As with the system's, the poll reports it only when something has changed
/// since a call would have blocked.
pub(crate) struct Socket {
    stream: Listed<TcpStream>,
    faults: Faults,
}

#[cfg(not(feature = "faults"))]
const _: () = assert!(size_of::<Socket>() == size_of::<Listed<TcpStream>>());

impl Socket {
    /// From now on the poll reports it, by this token.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.faults.registered(registry, token)?;
        registry.register(&mut *self.stream, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.stream.set_nodelay(nodelay)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let allowed = self.faults.before(Call::Read, &mut self.stream, buffer.len())?;
        self.stream.read(&mut buffer[..allowed])
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let allowed = self.faults.before(Call::Write, &mut self.stream, bytes.len())?;
        self.stream.write(&bytes[..allowed])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        let allowed = self.faults.before(Call::Write, &mut self.stream, length)?;
        if allowed < length {
            return self.stream.write_vectored(&cut(slices, allowed));
        }
        self.stream.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A listening socket.
pub(crate) struct Listener {
    listener: Listed<TcpListener>,
    faults: Faults,
}

impl Listener {
    pub(crate) fn new(listener: Listed<TcpListener>, faults: Faults) -> Self {
        Self { listener, faults }
    }

    /// From now on the poll reports waiting connections, by this token.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.faults.registered(registry, token)?;
        registry.register(&mut *self.listener, token, Interest::READABLE)
    }

    /// Accepts one connection.
    pub(crate) fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        self.faults.before_accept()?;
        let (stream, address) = Listed::open(|| self.listener.accept())?;
        Ok((Socket { stream, faults: self.faults.clone() }, address))
    }
}
