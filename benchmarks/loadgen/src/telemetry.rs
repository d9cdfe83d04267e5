//! `telemetry`: an echo server that compresses what it sends (RFC 7692), with context takeover.
//! Messages go to it uncompressed, so that what it compresses is what is measured; each reply is
//! decompressed and compared.

use std::fmt::Write as _;

use crate::decompressing::{Decompressing, Kit};
use crate::error::Error;
use crate::frame::{self, FIN, TEXT};
use crate::messages::Exchanging;
use crate::report::Report;
use crate::run::{self, Load, Plan};

/// The number of different messages: together they are more than a window of 32 KiB remembers.
const MESSAGES: u32 = 128;
/// Things whose values are in a message.
const THINGS: u32 = 16;

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) load: Load,
}

/// Measures, or says why the figures would mean nothing.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let load = &options.load;
    let texts: Vec<Vec<u8>> = (0..MESSAGES).map(|number| text(number).into_bytes()).collect();
    let frames = texts.iter().map(|text| frame::masked(FIN | TEXT, text)).collect();
    let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
    let size = texts.iter().map(Vec::len).sum::<usize>() / texts.len();
    let kit = Kit { inflated: Vec::with_capacity(longest + 1), texts, frames };
    // Even what does not compress at all grows by less than this.
    let plan = Plan { load, is_raw: false, longest: 2 * longest };
    let client = |index, socket| Exchanging::new(index, socket, Decompressing::new(load.depth));
    let (tally, seconds) = run::measure(&plan, kit, client)?;
    Ok(Report::new("telemetry", load, size, seconds, &tally))
}

/// What a game says about its world: always the same names, and numbers that drift.
fn text(number: u32) -> String {
    let mut random = number.wrapping_mul(0x9e37_79b9) | 1;
    let mut next = |below: u32| {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random % below
    };
    let things: Vec<String> = (0..THINGS)
        .map(|id| {
            let (x, y) = (id * 40 + next(40), id * 30 + next(30));
            let (vx, vy) = (next(2000), next(2000));
            format!(
                r#"{{"id":{id},"kind":"rock","x":{x}.{},"y":{y}.{},"vx":{}.{},"vy":{}.{}}}"#,
                next(1000),
                next(1000),
                vx / 100,
                vx % 100,
                vy / 100,
                vy % 100
            )
        })
        .collect();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        r#"{{"jsonrpc":"2.0","method":"topic.data","params":{{"topic":"world","seq":{number},"frame":{},"data":[{}]}}}}"#,
        7 * number,
        things.join(",")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use crate::opening::Target;
    use crate::testing::{accept, server, target};
    use std::io::{Read as _, Write as _};
    use std::time::Duration;
    use zlib_rs::{Deflate, DeflateFlush};

    /// Measures a server that compresses what `treat` makes of each message, with one context.
    fn against(treat: impl Fn(u32, Vec<u8>) -> Vec<u8> + Send + 'static) -> Result<Report, Error> {
        let (address, server) = server(move |listener| {
            let mut stream =
                accept(listener, "Sec-WebSocket-Extensions: permessage-deflate\r\n", b"");
            let mut context = Deflate::new(1, false, 15);
            for number in 0.. {
                let text = text(number % MESSAGES);
                let mut frame = vec![0; frame::masked(FIN | TEXT, text.as_bytes()).len()];
                if stream.read_exact(&mut frame).is_err() {
                    return;
                }
                let reply = treat(number, text.into_bytes());
                let mut compressed = vec![0; reply.len() + 1024];
                let before = context.total_out();
                context.compress(&reply, &mut compressed, DeflateFlush::SyncFlush).unwrap();
                let length = usize::try_from(context.total_out() - before).unwrap();
                let payload = &compressed[..length - 4];
                let frame = [&frame::header(0xc1, payload.len(), 0), payload].concat();
                if stream.write_all(&frame).is_err() {
                    return;
                }
            }
        });
        let result = run(&Options {
            load: Load {
                target: Target { compression: true, ..target(address) },
                connections: 1,
                depth: 2,
                seconds: Duration::from_millis(100),
                warmup: Duration::ZERO,
                timeout: Duration::from_millis(500),
                announce: false,
            },
        });
        server.join().unwrap();
        result
    }

    fn fault(result: Result<Report, Error>) -> (u32, Fault) {
        match result {
            Err(Error::Reply { connection: 0, sequence, fault }) => (sequence, fault),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn a_true_echo_is_measured_and_its_context_is_kept() {
        let report = against(|_, text| text).unwrap();
        assert!(report.messages > 0);
    }

    #[test]
    fn other_texts_are_told_apart() {
        let damaged = against(|number, mut text| {
            text[30] ^= u8::from(number == 1);
            text
        });
        assert_eq!(fault(damaged), (1, Fault::Payload { offset: 30 }));
        let short = against(|_, mut text| {
            text.pop();
            text
        });
        let expected = text(0).len();
        assert_eq!(fault(short), (0, Fault::Length { found: expected as u64 - 1, expected }));
        let long = against(|_, text| [text, b"and more".to_vec()].concat());
        assert!(matches!(fault(long), (0, Fault::Length { .. })));
    }

    #[test]
    fn messages_are_all_different_and_about_a_kilobyte() {
        let mut texts: Vec<String> = (0..MESSAGES).map(text).collect();
        assert!(texts.iter().all(|text| (1000..1400).contains(&text.len())), "{}", texts[0].len());
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), MESSAGES as usize);
    }
}
