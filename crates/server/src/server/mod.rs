//! The program's side of a server.

mod lead;
mod stall;

use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use mio::{Poll, Waker};
use socket2::{Domain, Protocol, Socket, Type};
use stagedoor_protocol::{
    Compression, Config, Frame, Kind, LARGE_PAYLOAD, encode_frame, encode_frame_and_ping,
};

use crate::gate::admission::Admission;
use crate::gate::refusals::Refusals;
use crate::gate::token_gate::TokenGate;
use crate::gate::tokens::Tokens;
use crate::io::descriptors::Listed;
use crate::io::faults::Faults;
use crate::io::socket::Listener;
use crate::network::thread::{self, Reactor};
use crate::network::{Network, WAKER};
use crate::peer::{Rules, mark};
use crate::queues::event::Batch;
use crate::queues::ids::{ConnectionId, GroupId};
use crate::queues::outbox::{Account, Command, Outbox, SendError, frame_size};
use crate::queues::shared::Shared;
use crate::settings::Settings;

/// How many connections the kernel keeps waiting to be accepted.
const BACKLOG: i32 = 1024;
/// How many connections have a compression context of their own, of 280 KiB, at a time; others
/// share one. 18 MiB in all.
const MAX_KEPT_FOR_SENDING: usize = 64;
/// How many clients may use a context, of 44 KiB here, that is kept between their messages. 11 MiB
/// in all.
const MAX_KEPT_FOR_RECEIVING: usize = 256;

thread_local! {
    /// The server whose events this thread is handling, by address.
    static HANDLING: Cell<*const Shared> = const { Cell::new(std::ptr::null()) };
}

/// A message that was published at its readers' pace.
pub struct Paced(Weak<[u8]>);

impl Paced {
    /// How many members it waits for. It counts as one itself until the network thread has it.
    pub fn waiting(&self) -> usize {
        self.0.strong_count()
    }
}

/// A listening server and its network thread.
///
/// All methods may be called from any thread. What is sent while a thread handles a batch
/// ([`Server::begin`] to [`Server::end`]) goes out together; anything else at once. Dropping the
/// server ends its thread and its sockets; in a forked child it does nothing.
pub struct Server {
    shared: Arc<Shared>,
    network: Arc<Mutex<Network>>,
    reactor: Arc<Mutex<Reactor>>,
    address: SocketAddr,
    max_send_queue: u64,
    /// The number of the next group.
    groups: AtomicU64,
    /// The mark of the next message that is published at its readers' pace.
    marks: AtomicU64,
    /// The server was made with tokens.
    is_guarded: bool,
    /// How often the tokens were replaced.
    token_generation: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
    process: u32,
}

impl Server {
    /// Binds, and starts the network thread. Port 0: any free one.
    pub fn listen(settings: Settings, host: &str, port: u16) -> io::Result<Self> {
        Self::start(settings, host, port, Faults::default())
    }

    /// Like [`Server::listen`], in a system that fails.
    #[cfg(feature = "faults")]
    pub fn listen_with(
        faults: &Faults,
        settings: Settings,
        host: &str,
        port: u16,
    ) -> io::Result<Self> {
        Self::start(settings, host, port, faults.clone())
    }

    fn start(mut settings: Settings, host: &str, port: u16, faults: Faults) -> io::Result<Self> {
        let wanted = (host, port).to_socket_addrs()?.next();
        let wanted = wanted.ok_or_else(|| io::Error::other("the host has no address"))?;
        let (listener, address) = Listed::open(|| bind(wanted))?;
        let poll = Poll::new()?;
        let shared = Arc::new(Shared::new(Waker::new(poll.registry(), WAKER)?));
        let max_send_queue = settings.max_send_queue as u64;
        let is_guarded = settings.tokens.is_some();
        let rules = Rules {
            gate: TokenGate::new(
                settings.tokens.take(),
                settings.max_connections,
                settings.max_unauthenticated,
                settings.max_failed_authentications,
            ),
            admission: Admission::new(
                host,
                address,
                settings.tls.is_some(),
                &settings.hosts,
                &settings.origins,
            ),
            protocol: Config {
                max_message_size: settings.max_message_size,
                max_fragments: settings.max_fragments,
                max_pings: settings.max_pings_per_second,
                ping_interval: settings.ping_interval,
                ping_timeout: settings.ping_timeout,
                close_timeout: settings.close_timeout,
            },
            refusals: Refusals::default(),
            compression: settings
                .compression
                .then(|| Compression::new(MAX_KEPT_FOR_SENDING, MAX_KEPT_FOR_RECEIVING)),
            settings,
        };
        shared.inbox.attend();
        let listener = Listener::new(listener, faults.clone());
        let network = Network::new(&poll, listener, faults, rules, Arc::clone(&shared))?;
        let network = Arc::new(Mutex::new(network));
        let reactor = Arc::new(Mutex::new(Reactor::new(poll)));
        let (ours, its, seat) = (Arc::clone(&shared), Arc::clone(&network), Arc::clone(&reactor));
        let thread = std::thread::Builder::new()
            .name("stagedoor-net".into())
            .spawn(move || thread::run(&its, &seat, &ours))?;
        let process = std::process::id();
        let thread = Mutex::new(Some(thread));
        let groups = AtomicU64::new(1);
        Ok(Self {
            shared,
            network,
            reactor,
            address,
            max_send_queue,
            groups,
            marks: AtomicU64::new(1),
            is_guarded,
            token_generation: AtomicU64::new(0),
            thread,
            process,
        })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether [`Server::take`] would find something: one atomic load.
    pub fn has_events(&self) -> bool {
        self.shared.inbox.pending()
    }

    /// Notes that the program polls, so that [`Server::wait_neglected`] and
    /// [`Server::wait_stalled`] go on waiting.
    pub fn attend(&self) {
        self.shared.inbox.attend();
    }

    /// Swaps the events that have come for the given empty batch.
    pub fn take(&self, batch: &mut Batch) -> bool {
        self.shared.inbox.take(batch)
    }

    /// The program has handled events of this weight (`Event::weight`).
    pub fn consumed(&self, weight: usize) {
        if self.shared.inbox.consumed(weight) {
            self.shared.wake_always();
        }
    }

    /// Blocks until there are events; false when the time was up first.
    pub fn wait(&self, timeout: Duration) -> bool {
        self.shared.inbox.wait(timeout)
    }

    /// Blocks until events have waited for this long (true), or no more will come (false).
    pub fn wait_neglected(&self, patience: Duration) -> bool {
        self.shared.inbox.wait_neglected(patience)
    }

    /// Sets the non-blocking socket that gets one byte for the first event after each
    /// [`Server::arm`].
    pub fn set_notifier(&self, notifier: Option<Socket>) {
        self.shared.inbox.set_notifier(notifier);
    }

    /// Asks for a byte on the notifier when the next event comes; false: there are events now.
    pub fn arm(&self) -> bool {
        self.shared.inbox.arm()
    }

    /// From here to [`Server::end`], what this thread sends is queued.
    pub fn begin(&self) {
        HANDLING.set(Arc::as_ptr(&self.shared));
    }

    /// Sends what is queued.
    pub fn flush(&self) {
        if self.shared.has_commands.load(Ordering::SeqCst) && !self.execute_at_once() {
            self.shared.wake();
        }
    }

    /// Sends what was queued since [`Server::begin`]. From here on, what this thread sends goes out
    /// at once.
    pub fn end(&self) {
        HANDLING.set(std::ptr::null());
        self.flush();
    }

    fn command(&self, put: impl FnOnce(&mut Outbox)) {
        self.shared.queue(put);
        if HANDLING.get() != Arc::as_ptr(&self.shared) {
            self.flush();
        }
    }

    /// Queues one message. With a receipt, an `Event::Sent` counts it when the kernel has it.
    pub fn send(
        &self,
        to: ConnectionId,
        account: &Account,
        kind: Kind,
        payload: &[u8],
        receipt: bool,
    ) -> Result<(), SendError> {
        account.charge(frame_size(payload.len()), self.max_send_queue)?;
        if payload.len() < LARGE_PAYLOAD {
            self.command(|outbox| outbox.send(to, kind, payload, receipt));
        } else {
            let frame = Frame::new(kind, payload); // outside of the lock
            self.command(|outbox| {
                outbox.commands.push(Command::SendLarge { to, frame, receipt });
            });
        }
        Ok(())
    }

    /// Queues one message, encoded once, for every open connection.
    pub fn broadcast(&self, kind: Kind, payload: &[u8]) {
        let frame = encode_frame(kind, payload);
        self.command(|outbox| outbox.commands.push(Command::Broadcast { frame }));
    }

    /// Replaces the tokens; returns how often that has happened, `None` if the server was made
    /// without any. Connections stay as they are. An `Event::Opened` that was under way shows by
    /// its generation that its token is an old one.
    pub fn set_tokens(&self, tokens: Tokens) -> Option<u64> {
        let mut generation = None;
        if self.is_guarded {
            self.command(|outbox| {
                // Under the outbox's lock, so that the tokens that were set last hold.
                let next = self.token_generation.fetch_add(1, Ordering::Relaxed) + 1;
                outbox.commands.push(Command::SetTokens { tokens, generation: next });
                generation = Some(next);
            });
        }
        generation
    }

    /// Lifts the limits of a connection that came without a token: the program knows who it is.
    pub fn authenticate(&self, whom: ConnectionId) {
        self.command(|outbox| outbox.commands.push(Command::Authenticate(whom)));
    }

    /// A new group, without members.
    pub fn open_group(&self) -> GroupId {
        let group = GroupId::from(self.groups.fetch_add(1, Ordering::Relaxed));
        self.command(|outbox| outbox.commands.push(Command::OpenGroup(group)));
        group
    }

    /// Ends a group. Its messages that are kept for members that are behind are dropped.
    pub fn close_group(&self, group: GroupId) {
        self.command(|outbox| outbox.commands.push(Command::CloseGroup(group)));
    }

    /// Makes a connection a member: what was sent to it before this arrives before anything that
    /// is published after this. Nothing happens if it is one already, or if either is closed.
    pub fn join_group(&self, group: GroupId, who: ConnectionId) {
        self.command(|outbox| outbox.commands.push(Command::Join { group, who }));
    }

    /// Ends a membership, if there is one; closing the connection does, too. A message of the group
    /// that is kept for the connection is dropped.
    pub fn leave_group(&self, group: GroupId, who: ConnectionId) {
        self.command(|outbox| outbox.commands.push(Command::Leave { group, who }));
    }

    /// Queues one message, encoded once, for every member of a group.
    ///
    /// A droppable one is sent to the members that take data; for each other member it takes the
    /// place of the one that was kept before, and goes out when all that waits for that member
    /// has gone. Any other is sent like a message of [`Server::send`]; a member whose queue is
    /// full loses it. An `Event::Dropped` counts what a member lost.
    pub fn publish(&self, group: GroupId, kind: Kind, payload: &[u8], droppable: bool) {
        let frame = encode_frame(kind, payload);
        self.command(|outbox| {
            outbox.commands.push(Command::Publish { group, frame, droppable, mark: None });
        });
    }

    /// Queues one message, encoded once, for every member of a group, at the pace at which each
    /// reads: one that has not read the last messages gets the newest when it has, and an
    /// `Event::Dropped` counts what it lost. That it has read a message is told by the pong to a
    /// ping behind the message.
    pub fn publish_paced(&self, group: GroupId, kind: Kind, payload: &[u8]) -> Paced {
        let mark = self.marks.fetch_add(1, Ordering::Relaxed);
        let frame = encode_frame_and_ping(kind, payload, &mark::to_ping(group, mark));
        let paced = Paced(Arc::downgrade(&frame));
        self.command(|outbox| {
            outbox.commands.push(Command::Publish {
                group,
                frame,
                droppable: true,
                mark: Some(mark),
            });
        });
        paced
    }

    /// Starts the closing handshake after what is queued; no further message is taken.
    pub fn close_connection(&self, to: ConnectionId, account: &Account, code: u16, reason: &str) {
        account.close();
        let reason = reason.to_owned();
        self.command(|outbox| outbox.commands.push(Command::Close { to, code, reason }));
    }

    /// Stops accepting and closes every connection with 1001; `Event::Stopped` comes when all
    /// is done, after the close timeout at the latest. Does not block.
    pub fn stop(&self) {
        self.command(|outbox| outbox.commands.push(Command::Stop));
    }

    /// Ends every connection at once, with a close frame as far as its socket takes one, and waits
    /// for the end of the thread: some milliseconds at most.
    pub fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            self.shared.queue(|outbox| outbox.commands.push(Command::Quit));
            self.shared.lead.recall();
            self.shared.wake_always();
            let _ = thread.join();
        }
    }

    /// This is a forked child, and the sockets are the parent's.
    fn is_inherited(&self) -> bool {
        std::process::id() != self.process
    }

    /// Makes the network thread panic: for tests of what then happens.
    pub fn panic(&self) {
        self.command(|outbox| outbox.commands.push(Command::Panic));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.is_inherited() {
            // The memory is here but not the thread: its locks may be held for ever.
            std::mem::forget(Arc::clone(&self.shared));
            std::mem::forget(Arc::clone(&self.network));
            std::mem::forget(Arc::clone(&self.reactor));
            std::mem::forget(std::mem::take(&mut self.thread));
        } else {
            self.join();
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<(mio::net::TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // On Windows this option would let two servers share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = std::net::TcpListener::from(socket);
    let address = listener.local_addr()?;
    Ok((mio::net::TcpListener::from_std(listener), address))
}
