//! `call`: connections x depth calls of JSON-RPC 2.0, or batches of them, in flight for some
//! seconds, every answer checked. The server has a method `add` that takes two integers.

use crate::caller::Caller;
use crate::error::Error;
use crate::messages::Exchanging;
use crate::report::Report;
use crate::request::Template;
use crate::run::{self, Load, Plan};

/// Bytes of the longest answer that is understood.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What to measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    pub(crate) load: Load,
    /// Calls in a message.
    pub(crate) batch: usize,
}

/// Measures, or says why the figures would mean nothing.
pub(crate) fn run(options: &Options) -> Result<Report, Error> {
    let &Options { ref load, batch } = options;
    let plan = Plan { load, is_raw: false, longest: LONGEST_ANSWER };
    let template = Template::new(batch);
    let size = template.size();
    let client = |index, socket| Exchanging::new(index, socket, Caller::new(load.depth));
    let (tally, seconds) = run::measure(&plan, template, client)?;
    Ok(Report::new("call", load, size, seconds, &tally))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use crate::frame::{self, MASK};
    use crate::testing::{accept, server, target};
    use std::io::{Read as _, Write as _};
    use std::time::Duration;

    const DEPTH: usize = 4;

    /// Measures a server that treats the ids of each four calls as `treat` says, and gives what it
    /// returns as the answers' texts.
    fn against(
        mut treat: impl FnMut([u32; DEPTH]) -> Vec<String> + Send + 'static,
    ) -> Result<Report, Error> {
        let (address, server) = server(move |listener| {
            let mut stream = accept(listener, "", b"");
            let size = Template::new(1).size();
            let mut calls = vec![0; DEPTH * (6 + size)];
            while let Ok(()) = stream.read_exact(&mut calls) {
                let mut frames = calls.chunks_exact(6 + size);
                let ids = std::array::from_fn(|_| id(&frames.next().unwrap()[6..]));
                // All in one write, or the last ones would wait for calls that are not made.
                let frame =
                    |text: String| [frame::header(0x81, text.len(), 0), text.into_bytes()].concat();
                let answers: Vec<u8> = treat(ids).into_iter().flat_map(frame).collect();
                if stream.write_all(&answers).is_err() {
                    return;
                }
            }
        });
        let result = run(&Options {
            load: Load {
                target: target(address),
                connections: 1,
                depth: DEPTH,
                seconds: Duration::from_millis(100),
                warmup: Duration::from_millis(20),
                timeout: Duration::from_millis(300),
                announce: false,
            },
            batch: 1,
        });
        server.join().unwrap();
        result
    }

    fn id(payload: &[u8]) -> u32 {
        let text: Vec<u8> = payload.iter().zip(MASK.iter().cycle()).map(|(a, b)| a ^ b).collect();
        let text = String::from_utf8(text).unwrap();
        text.rsplit_once(':').unwrap().1.trim_end_matches('}').parse().unwrap()
    }

    fn right(id: u32) -> String {
        format!(r#"{{"jsonrpc": "2.0", "result": {}, "id": {id}}}"#, id + 7)
    }

    fn fault(result: Result<Report, Error>) -> Fault {
        match result {
            Err(Error::Reply { connection: 0, fault, .. }) => fault,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        }
    }

    #[test]
    fn answers_may_come_in_any_order() {
        let report = against(|ids| ids.into_iter().rev().map(right).collect()).unwrap();
        assert!(report.messages > 10);
        assert_eq!(report.errors, 0);
    }

    #[test]
    fn errors_are_counted_apart() {
        let error = |id| format!(r#"{{"jsonrpc":"2.0","error":{{"code":-1}},"id":{id}}}"#);
        let report = against(move |ids| {
            ids.into_iter().map(|id| if id % 4 == 0 { error(id) } else { right(id) }).collect()
        });
        let report = report.unwrap();
        assert!(report.messages > 10);
        assert!(report.errors > 2);
    }

    #[test]
    fn wrong_repeated_and_foreign_answers_are_told_apart() {
        let wrong = against(|ids| vec![right(ids[0]).replace("0007", "0008")]);
        let (found, expected) = (10_000_008, 10_000_007);
        assert_eq!(fault(wrong), Fault::WrongResult { found, expected });
        let id = 10_000_001;
        let repeated = against(|ids| [1, 2, 3, 1].map(|i| right(ids[i])).to_vec());
        assert_eq!(fault(repeated), Fault::NotInFlight { id });
        let foreign = against(|_| vec![right(7)]);
        assert_eq!(fault(foreign), Fault::NotInFlight { id: 7 });
        let text = "pong".to_owned();
        assert_eq!(fault(against(|_| vec!["pong".to_owned()])), Fault::NotAnAnswer { text });
    }

    #[test]
    fn a_lost_answer_ends_within_the_timeout() {
        let lost = against(|ids| ids[1..].iter().map(|&id| right(id)).collect());
        assert!(matches!(lost, Err(Error::Stalled { missing: 4, connections: 1, .. })));
    }
}
