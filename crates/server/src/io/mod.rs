//! What is asked of the system: sockets, TLS, the time, and where the program's threads are.

pub(crate) mod clock;
pub(crate) mod descriptors;
#[cfg(unix)]
pub(crate) mod dump;
#[cfg(feature = "faults")]
pub mod faults;
#[cfg(not(feature = "faults"))]
#[path = "no_faults.rs"]
pub(crate) mod faults;
pub(crate) mod place;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod tls;
