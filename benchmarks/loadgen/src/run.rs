//! A measured run: connections in closed loops, driven for some seconds by one thread.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::error::Error;
use crate::frame;
use crate::histogram::Histogram;
use crate::opening::{self, Target};
use crate::socket::Socket;

/// Room in the buffer for what is read at once, besides a frame that had arrived in part.
const READ_AT_LEAST: usize = 256 * 1024;
/// How often a run that hears nothing looks at its deadlines.
const LOOK: Duration = Duration::from_millis(50);

/// One connection in its closed loop: each reply owes the next message.
///
/// Driven with [`start`](Self::start), then [`receive`](Self::receive) when readable and
/// [`flush`](Self::flush) when writable.
pub(crate) trait Client {
    /// What all connections of a run share besides [`Shared`].
    type Kit;

    fn socket(&mut self) -> &mut Socket;

    /// Replies that are still to come.
    fn missing(&self) -> u32;

    /// Owes the first messages, as many as may be in flight. `now`: nanoseconds of the run.
    fn begin(&mut self, shared: &mut Shared<Self::Kit>, now: u64);

    /// Checks the replies in the first `length` bytes of the buffer, owes what follows them, and
    /// keeps the rest.
    fn take(
        &mut self,
        shared: &mut Shared<Self::Kit>,
        length: usize,
        now: u64,
    ) -> Result<(), Error>;

    /// The error for a connection that ended.
    fn closed(&self, reason: String) -> Error;

    /// Writes the first messages, and checks what came behind the opening handshake.
    fn start(&mut self, shared: &mut Shared<Self::Kit>, now: u64) -> Result<(), Error> {
        self.begin(shared, now);
        self.flush(shared)?;
        let early = self.socket().kept(&mut shared.buffer);
        self.take(shared, early, now)?;
        self.flush(shared)
    }

    /// Reads and checks all that has arrived, and writes what it owes. `clock` is asked once after
    /// each read: that is when these replies arrived and when the messages they owe were sent.
    fn receive(
        &mut self,
        shared: &mut Shared<Self::Kit>,
        until_closed: bool,
        clock: impl Fn() -> u64,
    ) -> Result<(), Error> {
        while let Some(received) =
            self.socket().read(&mut shared.buffer).map_err(|reason| self.closed(reason))?
        {
            self.take(shared, received.length, clock())?;
            self.flush(shared)?;
            if received.is_last && !until_closed {
                break;
            }
        }
        Ok(())
    }

    /// Writes what is owed, in one write unless the socket is full.
    fn flush(&mut self, shared: &mut Shared<Self::Kit>) -> Result<(), Error>;
}

/// What all connections of a run share.
pub(crate) struct Shared<Kit> {
    pub(crate) kit: Kit,
    pub(crate) buffer: Vec<u8>,
    pub(crate) tally: Tally,
    /// False once the time is over: replies are still awaited, but owe no further message.
    pub(crate) sending: bool,
}

/// What is counted.
pub(crate) struct Tally {
    /// The round trips of the right replies, in nanoseconds.
    pub(crate) round_trips: Histogram,
    /// Replies that say that something went wrong.
    pub(crate) errors: u64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { round_trips: Histogram::new(), errors: 0 }
    }

    fn replies(&self) -> u64 {
        self.round_trips.total() + self.errors
    }
}

/// How much is asked of a server, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Load {
    pub(crate) target: Target,
    pub(crate) connections: usize,
    /// Messages in flight on each.
    pub(crate) depth: usize,
    pub(crate) seconds: Duration,
    pub(crate) warmup: Duration,
    /// A server that is silent for this long has failed.
    pub(crate) timeout: Duration,
    /// Says on stdout when measuring begins and ends.
    pub(crate) announce: bool,
}

/// What to run.
pub(crate) struct Plan<'a> {
    pub(crate) load: &'a Load,
    /// Without an opening handshake, on TCP.
    pub(crate) is_raw: bool,
    /// Bytes of the longest frame that a server may send.
    pub(crate) longest: usize,
}

impl Load {
    fn say(&self, word: &str) {
        if self.announce {
            println!("{word}");
        }
    }
}

/// Measures, or says why the figures would mean nothing. Returns the seconds it took, too.
pub(crate) fn measure<C: Client>(
    plan: &Plan<'_>,
    kit: C::Kit,
    client: impl Fn(usize, Socket) -> C,
) -> Result<(Tally, f64), Error> {
    let mut run = Run::open(plan, kit, client)?;
    run.until(plan.load.warmup)?;
    plan.load.say("begin");
    run.shared.tally = Tally::new();
    let started = run.now();
    run.until(started + plan.load.seconds)?;
    let seconds = run.now().saturating_sub(started).as_secs_f64();
    let measured = std::mem::replace(&mut run.shared.tally, Tally::new());
    plan.load.say("end");
    run.finish(plan.is_raw)?;
    Ok((measured, seconds))
}

/// The connections of a run, and the loop that drives them.
struct Run<C: Client> {
    poll: Poll,
    events: Events,
    clients: Vec<C>,
    shared: Shared<C::Kit>,
    /// All times are counted from here.
    origin: Instant,
    timeout: Duration,
    /// When a reply arrived last.
    heard: Duration,
}

impl<C: Client> Run<C> {
    /// Opens all connections, then writes the first messages on each.
    fn open(
        plan: &Plan<'_>,
        kit: C::Kit,
        client: impl Fn(usize, Socket) -> C,
    ) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("create the poll"))?;
        let &Load { ref target, connections, timeout, .. } = plan.load;
        let address = target.address()?;
        let mut clients = Vec::with_capacity(connections);
        for index in 0..connections {
            let (stream, unread) = if plan.is_raw {
                (opening::connect(address, timeout)?, Vec::new())
            } else {
                opening::open(target, address, timeout)?
            };
            stream.set_nonblocking(true).map_err(Error::io("unblock a socket"))?;
            let mut stream = mio::net::TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry()
                .register(&mut stream, Token(index), interest)
                .map_err(Error::io("register a socket"))?;
            clients.push(client(index, Socket::new(stream, unread)));
        }
        let mut run = Self {
            poll,
            events: Events::with_capacity(connections.clamp(16, 1024)),
            clients,
            shared: Shared {
                kit,
                buffer: vec![0; READ_AT_LEAST + plan.longest],
                tally: Tally::new(),
                sending: true,
            },
            origin: Instant::now(),
            timeout,
            heard: Duration::ZERO,
        };
        for client in &mut run.clients {
            client.start(&mut run.shared, nanoseconds(run.origin))?;
        }
        Ok(run)
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Runs the loop until `end`.
    fn until(&mut self, end: Duration) -> Result<(), Error> {
        loop {
            let left = end.saturating_sub(self.now());
            if left.is_zero() {
                return Ok(());
            }
            self.serve(left.min(LOOK))?;
        }
    }

    /// Awaits the replies that are still missing, so that a lost one is noticed, and says goodbye
    /// as far as the sockets take it.
    fn finish(mut self, is_raw: bool) -> Result<(), Error> {
        self.shared.sending = false;
        while self.missing() > 0 {
            self.serve(LOOK)?;
        }
        if !is_raw {
            for client in &mut self.clients {
                let _ = client.socket().write(&frame::close());
            }
        }
        Ok(())
    }

    fn missing(&self) -> u64 {
        self.clients.iter().map(|client| u64::from(client.missing())).sum()
    }

    /// Waits for events, `longest` at most, and serves them all.
    fn serve(&mut self, longest: Duration) -> Result<(), Error> {
        match self.poll.poll(&mut self.events, Some(longest)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(Error::Io { doing: "poll", source: error });
            }
            _ => {}
        }
        let before = self.shared.tally.replies();
        for event in &self.events {
            let client = &mut self.clients[event.token().0];
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                let clock = || nanoseconds(self.origin);
                client.receive(&mut self.shared, event.is_read_closed(), clock)?;
            }
            if event.is_writable() {
                client.flush(&mut self.shared)?;
            }
        }
        let now = self.now();
        if self.shared.tally.replies() > before {
            self.heard = now;
            return Ok(());
        }
        let waited = now.saturating_sub(self.heard);
        if waited > self.timeout {
            let connections = self.clients.iter().filter(|client| client.missing() > 0).count();
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
