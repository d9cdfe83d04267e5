//! `connect`: opening handshakes a second, each on a new connection that closes at once.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::frame;
use crate::histogram::Histogram;
use crate::opening::{self, Target};
use crate::report::Report;
use crate::run::{Load, Tally};

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

/// Measures, or says why the figures would mean nothing. A round trip lasts from before the TCP
/// connection to the whole answer.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let &Options { ref target, parallel, count, timeout } = options;
    let address = target.address()?;
    let started = Instant::now();
    let mut tally = Tally::new();
    thread::scope(|scope| {
        let open = |share: usize| {
            scope.spawn(move || -> Result<Histogram, Error> {
                let mut took = Histogram::new();
                for _ in 0..share {
                    let began = Instant::now();
                    let (mut stream, _) = opening::open(target, address, timeout)?;
                    took.record(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
                    stream.write_all(&frame::close()).map_err(Error::io("close"))?;
                }
                Ok(took)
            })
        };
        let shares = (0..parallel).map(|i| count / parallel + usize::from(i < count % parallel));
        let threads: Vec<_> = shares.map(open).collect();
        threads.into_iter().try_for_each(|thread| {
            tally.round_trips.add(&thread.join().expect("no panic in a handshake")?);
            Ok(())
        })
    })?;
    let seconds = started.elapsed();
    let load = Load {
        target: target.clone(),
        connections: parallel,
        depth: 1,
        seconds,
        warmup: Duration::ZERO,
        timeout,
        announce: false,
    };
    Ok(Report::new("handshake", &load, 0, seconds.as_secs_f64(), &tally))
}
