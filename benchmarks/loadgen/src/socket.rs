//! A connection's socket, never blocking, and what of its bytes is not understood yet.

use std::io::{self, Read as _, Write as _};

use mio::net::TcpStream;

/// On Unix a read that did not fill the buffer has emptied the socket (epoll(7), kqueue(2)), which
/// saves the read that would say so. Elsewhere mio must see `WouldBlock`.
const SHORT_READ_IS_LAST: bool = cfg!(unix);

/// Failures are texts: why the connection is over.
pub(crate) struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not arrived.
    unread: Vec<u8>,
}

/// What a read has put at the start of the buffer.
pub(crate) struct Received {
    /// Bytes, those kept from before included.
    pub(crate) length: usize,
    /// There is nothing more to read now.
    pub(crate) is_last: bool,
}

impl Socket {
    /// `unread`: what arrived behind the opening handshake.
    pub(crate) fn new(stream: TcpStream, unread: Vec<u8>) -> Self {
        Self { stream, unread }
    }

    /// What is kept, copied to the start of the buffer; its length.
    pub(crate) fn kept(&self, buffer: &mut [u8]) -> usize {
        buffer[..self.unread.len()].copy_from_slice(&self.unread);
        self.unread.len()
    }

    /// Reads behind what is kept; `None` when nothing has arrived. The buffer is larger than any
    /// frame.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<Received>, String> {
        let kept = self.kept(buffer);
        loop {
            return match self.stream.read(&mut buffer[kept..]) {
                Ok(0) => Err("closed without a close frame".to_owned()),
                Ok(length) => {
                    let length = kept + length;
                    let is_last = SHORT_READ_IS_LAST && length < buffer.len();
                    Ok(Some(Received { length, is_last }))
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error.to_string()),
            };
        }
    }

    /// Keeps what was not understood for the next read.
    pub(crate) fn keep(&mut self, rest: &[u8]) {
        self.unread.clear();
        self.unread.extend_from_slice(rest);
    }

    /// Writes what the socket takes; `None` when it is full.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<Option<usize>, String> {
        loop {
            match self.stream.write(bytes) {
                Ok(length) => return Ok(Some(length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}
