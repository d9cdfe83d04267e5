//! A connection whose replies are whole messages, each parsed before it is checked.

use crate::error::{Error, Fault};
use crate::frame::{Ended, Messages};
use crate::run::{Client, Shared};
use crate::socket::Socket;

/// What goes over a connection: which messages, and which replies they must bring.
///
/// A fault comes with the sequence number of the reply, or the id of the call, that it is about.
pub(crate) trait Exchange {
    /// What all connections of a run share.
    type Kit;

    /// The first byte of a reply's frame.
    const FIRST_BYTE: u8;

    /// Replies that are still to come.
    fn missing(&self) -> u32;

    /// The reply that is due next.
    fn due(&self) -> u32;

    /// Adds the frames of the first messages, as many as may be in flight.
    fn begin(&mut self, kit: &Self::Kit, now: u64, unsent: &mut Vec<u8>);

    /// Checks a reply, and adds the frame of the message that it owes.
    fn answered(
        &mut self,
        shared: &mut Shared<Self::Kit>,
        reply: &[u8],
        now: u64,
        unsent: &mut Vec<u8>,
    ) -> Result<(), (u32, Fault)>;
}

/// The connection of an exchange.
pub(crate) struct Exchanging<E> {
    index: usize,
    socket: Socket,
    exchange: E,
    /// Frames to write.
    unsent: Vec<u8>,
    /// Bytes of those that are written.
    sent: usize,
}

impl<E: Exchange> Exchanging<E> {
    pub(crate) fn new(index: usize, socket: Socket, exchange: E) -> Self {
        Self { index, socket, exchange, unsent: Vec::new(), sent: 0 }
    }

    #[cold]
    fn wrong(&self, sequence: u32, fault: Fault) -> Error {
        Error::Reply { connection: self.index, sequence, fault }
    }

    #[cold]
    fn ended(&self, ended: Ended) -> Error {
        match ended {
            Ended::Fault(fault) => self.wrong(self.exchange.due(), fault),
            Ended::Closed(reason) => self.closed(reason),
        }
    }
}

impl<E: Exchange> Client for Exchanging<E> {
    type Kit = E::Kit;

    fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn missing(&self) -> u32 {
        self.exchange.missing()
    }

    fn begin(&mut self, shared: &mut Shared<E::Kit>, now: u64) {
        self.exchange.begin(&shared.kit, now, &mut self.unsent);
    }

    fn take(&mut self, shared: &mut Shared<E::Kit>, length: usize, now: u64) -> Result<(), Error> {
        // Lent out, so that the buffer and the rest can be used side by side.
        let buffer = std::mem::take(&mut shared.buffer);
        let mut messages = Messages::new(&buffer[..length], E::FIRST_BYTE);
        while let Some(reply) =
            messages.next(&mut self.unsent).map_err(|ended| self.ended(ended))?
        {
            let checked = self.exchange.answered(shared, reply, now, &mut self.unsent);
            checked.map_err(|(sequence, fault)| self.wrong(sequence, fault))?;
        }
        self.socket.keep(messages.rest());
        shared.buffer = buffer;
        Ok(())
    }

    #[cold]
    fn closed(&self, reason: String) -> Error {
        Error::Closed { connection: self.index, sequence: self.exchange.due(), reason }
    }

    fn flush(&mut self, _: &mut Shared<E::Kit>) -> Result<(), Error> {
        while self.sent < self.unsent.len() {
            match self.socket.write(&self.unsent[self.sent..]).map_err(|text| self.closed(text))? {
                Some(length) => self.sent += length,
                None => return Ok(()),
            }
        }
        self.unsent.clear();
        self.sent = 0;
        Ok(())
    }
}
