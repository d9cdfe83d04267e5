//! A system that fails when a test wants it to.
//!
//! This is compiled only with the feature `faults`, which this crate's own tests turn on. A fault
//! looks as the kernel's would: after "would block", or less than was asked for, the poll reports
//! the socket again.

use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// How many of 255 calls of the system go wrong, in each way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// Reads and writes that take one byte.
    pub one_byte: u8,
    /// Reads and writes that take up to 1 000 bytes.
    pub short: u8,
    /// Reads and writes that would block.
    pub would_block: u8,
    /// Calls that a signal interrupts.
    pub interrupted: u8,
    /// Reads and writes that find the connection reset, or its other side gone.
    pub broken: u8,
    /// Accepts for which there is no descriptor left, in the process or in the system.
    pub no_descriptors: u8,
    /// Accepts of a connection that is gone already.
    pub aborted: u8,
}

/// What the network thread keeps account of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Sockets.
    pub peers: usize,
    /// Connections that `max_connections` limits.
    pub placed: usize,
    /// Bytes of incomplete messages.
    pub buffered: usize,
    /// Members of all groups.
    pub members: usize,
}

/// Lets the system of one server fail. All clones share one state.
#[derive(Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    /// The token of the socket that this clone belongs to.
    token: Option<Token>,
}

#[derive(Default)]
struct State {
    plan: Plan,
    random: u64,
    jumped: Duration,
    injected: u64,
    calls: u64,
    calls_of_the_program: u64,
    turns: u64,
    sums: Sums,
    /// The poll that sockets are registered with.
    registry: Option<Registry>,
}

/// What a socket is asked to do.
#[derive(Clone, Copy)]
pub(crate) enum Call {
    Read,
    Write,
}

impl Faults {
    /// The same seed gives the same sequence of faults.
    pub fn new(plan: Plan, seed: u64) -> Self {
        let faults = Self::default();
        faults.lock().random = seed;
        faults.set(plan);
        faults
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what goes wrong from now on.
    pub fn set(&self, plan: Plan) {
        self.lock().plan = plan;
    }

    /// The clock jumps forward; the network thread sees that when it next wakes.
    pub fn jump(&self, time: Duration) {
        self.lock().jumped += time;
    }

    /// How many calls have gone wrong.
    pub fn injected(&self) -> u64 {
        self.lock().injected
    }

    /// How many calls of the system there were, and how many turns of the loop.
    pub fn calls_and_turns(&self) -> (u64, u64) {
        let state = self.lock();
        (state.calls, state.turns)
    }

    /// How many calls of the system the program's threads made.
    pub fn calls_of_the_program(&self) -> u64 {
        self.lock().calls_of_the_program
    }

    /// What the network thread had in hand at the end of its last turn.
    pub fn sums(&self) -> Sums {
        self.lock().sums
    }

    pub(crate) fn jumped(&self) -> Duration {
        self.lock().jumped
    }

    pub(crate) fn end_turn(&self, sums: impl FnOnce() -> Sums) {
        let mut state = self.lock();
        state.turns += 1;
        state.sums = sums();
    }

    /// The poll reports this socket by this token.
    pub(crate) fn registered(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.token = Some(token);
        let mut state = self.lock();
        if state.registry.is_none() {
            state.registry = Some(registry.try_clone()?);
        }
        Ok(())
    }

    /// Before a read or write of `length` bytes: how many of them it may take.
    pub(crate) fn before(
        &self,
        call: Call,
        stream: &mut TcpStream,
        length: usize,
    ) -> io::Result<usize> {
        let mut state = self.lock();
        let is_ours = std::thread::current().name() == Some("stagedoor-net");
        state.calls_of_the_program += u64::from(!is_ours);
        let allowed = state.before(call, length);
        if !matches!(&allowed, Ok(all) if *all == length)
            && let (Some(registry), Some(token)) = (&state.registry, self.token)
        {
            registry.reregister(stream, token, Interest::READABLE | Interest::WRITABLE)?;
        }
        allowed
    }

    pub(crate) fn before_accept(&self) -> io::Result<()> {
        self.lock().before_accept()
    }
}

/// The first `length` bytes of these slices.
pub(crate) fn cut<'a>(slices: &'a [IoSlice<'_>], mut length: usize) -> Vec<IoSlice<'a>> {
    let mut first = Vec::new();
    for slice in slices {
        let taken = slice.len().min(length);
        length -= taken;
        first.push(IoSlice::new(&slice[..taken]));
    }
    first
}

impl State {
    /// Steele, Lea and Flood: Fast splittable pseudorandom number generators (2014).
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn happens(&mut self, of_255: u8) -> bool {
        let happens = self.next() % 255 < u64::from(of_255);
        self.injected += u64::from(happens);
        happens
    }

    fn before(&mut self, call: Call, length: usize) -> io::Result<usize> {
        self.calls += 1;
        let plan = self.plan;
        if self.happens(plan.interrupted) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.happens(plan.would_block) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if self.happens(plan.broken) {
            let is_reset = matches!(call, Call::Read) || self.next().is_multiple_of(2);
            let code = if is_reset { libc::ECONNRESET } else { libc::EPIPE };
            return Err(io::Error::from_raw_os_error(code));
        }
        if self.happens(plan.one_byte) {
            return Ok(length.min(1));
        }
        if self.happens(plan.short) {
            let some = usize::try_from(self.next() % 1000).unwrap_or(0) + 1;
            return Ok(length.min(some));
        }
        Ok(length)
    }

    fn before_accept(&mut self) -> io::Result<()> {
        self.calls += 1;
        let plan = self.plan;
        let code = if self.happens(plan.interrupted) {
            libc::EINTR
        } else if self.happens(plan.aborted) {
            libc::ECONNABORTED
        } else if self.happens(plan.no_descriptors) {
            if self.next().is_multiple_of(2) { libc::EMFILE } else { libc::ENFILE }
        } else {
            return Ok(());
        };
        Err(io::Error::from_raw_os_error(code))
    }
}
