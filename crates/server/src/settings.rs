use std::num::NonZeroU64;
use std::time::Duration;

use stagedoor_protocol::HeadLimits;

use crate::gate::tokens::Tokens;
use crate::http::File;
use crate::io::tls::TlsConfig;

/// What a server allows, and how long it waits.
///
/// Sizes are bytes. Every limit holds for one connection unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Settings {
    /// More values the `Host` header may have: `name` (with our port) or `name:port`.
    pub hosts: Vec<String>,
    /// More values the `Origin` header may have, each exact: `https://example.org`.
    pub origins: Vec<String>,
    /// The subprotocols spoken here; the first one a client offers that is among them is chosen.
    pub subprotocols: Vec<String>,
    /// Whether permessage-deflate is agreed to. What is published or broadcast is framed once for
    /// all, and not compressed.
    pub compression: bool,
    /// The files that plain HTTP requests get.
    pub files: Vec<File>,
    /// The certificate for TLS; with one, nothing else is spoken.
    pub tls: Option<TlsConfig>,
    /// Connections at a time, handshakes included; one more is answered with 503.
    pub max_connections: usize,
    /// The tokens of which a client shows one; `None`: everybody may connect. With tokens,
    /// `max_connections` counts clients that are authenticated.
    pub tokens: Option<Tokens>,
    /// Connections at a time that are not authenticated; one more is answered with 503. Each is
    /// closed with 4401 when `handshake_timeout` is over, counted from accept.
    pub max_unauthenticated: usize,
    /// The largest message of a connection that is not authenticated.
    pub max_unauthenticated_message_size: usize,
    /// Clients at a time that have shown a wrong token and wait for
    /// [`WRONG_TOKEN_DELAY`](crate::WRONG_TOKEN_DELAY) to be told so; one more is refused at once.
    pub max_failed_authentications: usize,
    /// What an opening request may have; more is answered with 414 or 431.
    pub head: HeadLimits,
    /// The largest incoming message; a larger one closes with 1009.
    pub max_message_size: usize,
    /// The most fragments of one incoming message.
    pub max_fragments: usize,
    /// Pings a second that are answered one by one. Beyond that, only the newest ping in each read
    /// is answered.
    pub max_pings_per_second: u32,
    /// Messages a second that are read, with those that the program adds by
    /// [`Account::charge_messages`](crate::Account::charge_messages). Beyond that, the connection is
    /// not read until it is due. `None`: any number.
    pub max_messages_per_second: Option<NonZeroU64>,
    /// Bytes in memory for all connections together: for events that are not handled yet, and as
    /// many again for incomplete messages.
    pub max_receive_memory: usize,
    /// Bytes waiting to be sent; an empty queue takes any single message.
    pub max_send_queue: usize,
    /// From accept to the end of the opening handshake.
    pub handshake_timeout: Duration,
    /// Between two pings; `None`: no pings.
    pub ping_interval: Option<Duration>,
    /// From a ping to its pong.
    pub ping_timeout: Duration,
    /// For how long the peer may accept none of the bytes that wait.
    pub write_timeout: Duration,
    /// From our close frame to the end of the connection.
    pub close_timeout: Duration,
    /// Called on the thread that takes the turns when a second has passed without a message, after
    /// some MiB of them: the allocator may give memory back to the system.
    pub give_back: Option<fn()>,
}

/// For tests. A program brings its own: the defaults of limits are where users see them.
#[cfg(any(test, feature = "faults"))]
impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            origins: Vec::new(),
            subprotocols: Vec::new(),
            compression: false,
            files: vec![File::welcome()],
            tls: None,
            max_connections: 1024,
            tokens: None,
            max_unauthenticated: 8,
            max_unauthenticated_message_size: 4096,
            max_failed_authentications: 5,
            head: HeadLimits::default(),
            max_message_size: 1 << 20,
            max_fragments: 1024,
            max_pings_per_second: 10,
            max_messages_per_second: None,
            max_receive_memory: 64 << 20,
            max_send_queue: 16 << 20,
            handshake_timeout: Duration::from_secs(5),
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(2),
            give_back: None,
        }
    }
}
