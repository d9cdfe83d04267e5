//! `connect`: opening handshakes a second, each on a new connection that closes at once.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::frame;
use crate::opening::{self, Target};

/// What to open. The number is bounded because every closed connection keeps its port for a minute.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) target: Target,
    /// Handshakes under way at once, a thread for each.
    pub(crate) parallel: usize,
    /// Handshakes in all.
    pub(crate) count: usize,
    pub(crate) timeout: Duration,
}

/// One JSON object with the rate, or the first failure.
pub(crate) fn run(options: &Options) -> Result<String, Error> {
    let address = options.target.address()?;
    let started = Instant::now();
    thread::scope(|scope| {
        let open = |share: usize| {
            scope.spawn(move || -> Result<(), Error> {
                for _ in 0..share {
                    let (mut stream, _) = opening::open(&options.target, address, options.timeout)?;
                    stream.write_all(&frame::close()).map_err(Error::io("close"))?;
                }
                Ok(())
            })
        };
        let shares = (0..options.parallel).map(|i| {
            options.count / options.parallel + usize::from(i < options.count % options.parallel)
        });
        let threads: Vec<_> = shares.map(open).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic in a handshake"))
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(options.count).unwrap_or(u32::MAX)) / seconds;
    let (parallel, count) = (options.parallel, options.count);
    Ok(format!(
        r#"{{"parallel": {parallel}, "handshakes": {count}, "seconds": {seconds:.3}, "handshakes_per_second": {rate:.1}}}"#
    ))
}
