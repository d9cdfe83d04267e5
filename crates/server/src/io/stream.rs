//! The bytes of a connected socket: as they are, or through TLS.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::Shutdown;

use rustls::ServerConnection;

use super::socket::Socket;
use super::tls::TlsConfig;

/// How much of the buffer of [`Stream::read`] TLS fills from the socket, at most. The rest has room
/// for the plaintext of that and of a record that was begun before.
const SEALED_READ: usize = 20 * 1024;
/// The most that is sealed before the kernel has all of it.
const SEALED_WRITE: usize = 64 * 1024;

/// What to expect of the next read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Readiness {
    /// There may be more.
    More,
    /// The socket is empty for now.
    Drained,
}

/// A connected socket, and its TLS if it has one.
///
/// With TLS, [`Stream::write`] encrypts what it takes, but the kernel has all of it only when
/// [`Stream::is_flushed`] says so. While that is false, call [`Stream::flush`] first. Reading may
/// leave something to flush, too.
pub(crate) struct Stream {
    socket: Socket,
    tls: Option<Box<Session>>,
}

impl Stream {
    pub(crate) fn new(socket: Socket, tls: Option<&TlsConfig>) -> io::Result<Self> {
        let tls = tls.map(Session::new).transpose()?.map(Box::new);
        Ok(Self { socket, tls })
    }

    /// Reads once, at most `limit` bytes, to the front of the buffer. The rest of the buffer is
    /// working space. 0 bytes mean the end; an `Interrupted` error means that no whole record has
    /// come yet.
    #[inline]
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        limit: usize,
    ) -> io::Result<(usize, Readiness)> {
        match &mut self.tls {
            None => read_once(&mut self.socket, buffer, limit),
            Some(session) => session.read(&mut self.socket, buffer, limit),
        }
    }

    /// Takes some of these bytes. Do not call it while [`Stream::is_flushed`] is false or
    /// [`Stream::is_handshaking`] is true.
    #[inline]
    pub(crate) fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = match (&mut self.tls, slices) {
            (None, [slice]) => self.socket.write(slice),
            (None, _) => self.socket.write_vectored(slices),
            (Some(session), _) => session.connection.writer().write_vectored(slices),
        }?;
        if written == 0 { Err(ErrorKind::WriteZero.into()) } else { Ok(written) }
    }

    /// Writes some of what TLS holds.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            None => Ok(()),
            Some(session) => session.flush(&mut self.socket),
        }
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// TLS holds nothing that is to be written.
    #[inline]
    pub(crate) fn is_flushed(&self) -> bool {
        self.tls.as_ref().is_none_or(|session| !session.connection.wants_write())
    }

    /// The TLS handshake is not done: nothing can be said yet.
    #[inline]
    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|session| session.connection.is_handshaking())
    }

    /// Ends the output. With TLS, a flush must follow.
    pub(crate) fn finish(&mut self) {
        match &mut self.tls {
            None => {
                let _ = self.socket.shutdown(Shutdown::Write);
            }
            Some(session) => {
                session.connection.send_close_notify();
                session.is_ending = true;
            }
        }
    }

    /// Notes the data position before what was written last; see [`Stream::settled`].
    #[inline]
    pub(crate) fn sealed_from(&mut self, position: u64) {
        if let Some(session) = &mut self.tls {
            session.settled = Some(position);
        }
    }

    /// The data position up to which the kernel has everything; `None`: it has all that was
    /// written.
    #[inline]
    pub(crate) fn settled(&self) -> Option<u64> {
        self.tls.as_ref().and_then(|session| session.settled)
    }
}

fn read_once(
    socket: &mut Socket,
    buffer: &mut [u8],
    limit: usize,
) -> io::Result<(usize, Readiness)> {
    let count = socket.read(&mut buffer[..limit])?;
    // An edge-triggered poll of a stream reports what comes after a short read.
    let drained = cfg!(unix) && count < limit;
    Ok((count, if drained { Readiness::Drained } else { Readiness::More }))
}

/// One connection's TLS. Between two reads it keeps an incomplete record, of at most 18 KiB, or 64
/// KiB during the handshake. It keeps plaintext only if a read had no room for it, and then that
/// read has said that there may be more.
struct Session {
    connection: ServerConnection,
    /// The data position before what was sealed last, until the kernel has all of that.
    settled: Option<u64>,
    /// When all is written, the socket is to be shut for writing.
    is_ending: bool,
}

impl Session {
    fn new(config: &TlsConfig) -> io::Result<Self> {
        let mut connection = config.accept()?;
        connection.set_buffer_limit(Some(SEALED_WRITE));
        Ok(Self { connection, settled: None, is_ending: false })
    }

    fn read(
        &mut self,
        socket: &mut Socket,
        buffer: &mut [u8],
        limit: usize,
    ) -> io::Result<(usize, Readiness)> {
        // The last read may have had no room for something, or have met the end after what it
        // brought.
        if let Some(count) = self.take(&mut buffer[..limit])? {
            return Ok((count, Readiness::More));
        }
        let (plain, sealed) = buffer.split_at_mut(buffer.len() - SEALED_READ.min(limit));
        let room = limit.min(plain.len());
        let plain = &mut plain[..room];
        let sealed_size = sealed.len();
        let (count, readiness) = read_once(socket, sealed, sealed_size)?;
        let mut sealed = &sealed[..count];
        let mut filled = 0;
        let mut has_ended = count == 0; // with a close_notify or without: WebSocket has its own end
        while !sealed.is_empty() && !has_ended {
            self.connection.read_tls(&mut sealed)?;
            match self.connection.process_new_packets() {
                Ok(state) => has_ended = state.peer_has_closed(),
                Err(error) => {
                    let _ = self.connection.write_tls(socket); // an alert that says why
                    return Err(io::Error::new(ErrorKind::InvalidData, error));
                }
            }
            if filled < room {
                filled += self.take(&mut plain[filled..])?.unwrap_or_default();
            }
        }
        if filled == 0 && !has_ended {
            return Err(ErrorKind::Interrupted.into());
        }
        let may_hold_more = filled == room || (filled > 0 && has_ended);
        Ok((filled, if may_hold_more { Readiness::More } else { readiness }))
    }

    /// Moves what was decrypted into the buffer, all of it if there is room; 0: a `close_notify`
    /// came.
    fn take(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.connection.reader().read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn flush(&mut self, socket: &mut Socket) -> io::Result<()> {
        if self.connection.write_tls(socket)? == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        if !self.connection.wants_write() {
            self.settled = None;
            if self.is_ending {
                let _ = socket.shutdown(Shutdown::Write);
            }
        }
        Ok(())
    }
}
