//! `telemetry`: an echo server that compresses what it sends (RFC 7692), with context takeover.
//! Messages go to it uncompressed, so that what it compresses is what is measured; each reply is
//! decompressed and compared.

use std::fmt::Write as _;

use crate::decompressing::{Decompressing, Kit};
use crate::error::Error;
use crate::frame::{self, FIN, TEXT};
use crate::report::Report;
use crate::run::{self, Load, Plan};

/// So many different messages go round: more than a window of 32 KiB remembers.
const MESSAGES: u32 = 128;
/// Things whose values a message tells.
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
    // Not even what does not compress at all grows by so much.
    let plan = Plan { load, is_raw: false, longest: 2 * longest };
    let client = |index, socket| Decompressing::new(index, socket, load.depth);
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

    #[test]
    fn messages_are_all_different_and_about_a_kilobyte() {
        let mut texts: Vec<String> = (0..MESSAGES).map(text).collect();
        assert!(texts.iter().all(|text| (1000..1400).contains(&text.len())), "{}", texts[0].len());
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), MESSAGES as usize);
    }
}
