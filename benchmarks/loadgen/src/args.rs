//! The command line.

use std::str::FromStr;
use std::time::Duration;

use crate::caller::LARGEST_BATCH;
use crate::error::Error;
use crate::opening::Target;
use crate::payload::{DIGITS, Kind};
use crate::run::Load;
use crate::{call, connect, echo, idle, subscribe, tcp_echo, telemetry};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
stagedoor-loadgen: WebSocket clients in closed loops, every reply checked

echo      measure an echo server
          --url URL            ws://host:port/path, or tcp://host:port with --raw
          --connections N      connections (64)
          --depth N            messages in flight on each (8)
          --size BYTES         payload, 8 to 16777216 (64)
          --seconds S          how long to measure (3)
          --warmup S           how long to run before that (1)
          --binary | --raw     binary messages, or bytes on TCP connections (text messages)
          --json               one JSON object
          --announce           print \"begin\" and \"end\" around what is measured
call      measure an RPC server by calls of its method add(int, int); with the options of echo
          but --size, --binary and --raw
          --batch N            calls in a message (1)
telemetry measure an echo server that compresses what it sends, with context takeover; with the
          options of echo but --size, --binary and --raw
subscribe subscribe to a stage's topics, print \"ready N\", read for some seconds, print a count
          --url URL  --topic NAME  --topics N (NAME alone; or NAME.0 to NAME.N-1)
          --connections N (1000)  --hold S (5)
idle      open connections, print \"ready N\", hold them and answer pings
          --url URL  --connections N (1000)  --hold S (5)
connect   measure opening handshakes, each on a new connection
          --url URL  --parallel N (8)  --count N (2000)  --json
tcp-echo  serve a raw TCP echo, print its port
          --port PORT (0: any free one)  --seconds S until it stops (600)

all       --origin ORIGIN      the Origin header of the handshake
          --timeout S          a server silent for so long has failed (5)
          call and subscribe offer the subprotocol stagedoor.json, and show the token in the
          environment variable STAGEDOOR_TOKEN, if there is one
";

/// Where a token comes from: an argument would be seen in the list of processes.
const TOKEN: &str = "STAGEDOOR_TOKEN";
const LONGEST_RUN: f64 = 3600.0;
/// Bytes on a connection.
const MOST_IN_FLIGHT: usize = 256 * 1024 * 1024;

/// What to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Echo { options: echo::Options, json: bool },
    Call { options: call::Options, json: bool },
    Telemetry { options: telemetry::Options, json: bool },
    Subscribe(subscribe::Options),
    Idle(idle::Options),
    Connect { options: connect::Options, json: bool },
    TcpEcho(tcp_echo::Options),
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(arguments: &[String]) -> Result<Command, Error> {
    let mut flags = Flags(arguments.iter().map(String::as_str).collect());
    if flags.switch("--help") || flags.switch("-h") {
        return Ok(Command::Help);
    }
    if flags.0.is_empty() {
        return Err(Error::Usage(
            "expected echo, call, telemetry, subscribe, idle, connect or tcp-echo".to_owned(),
        ));
    }
    let command = match flags.0.remove(0) {
        "echo" => {
            Command::Echo { json: flags.switch("--json"), options: echo_options(&mut flags)? }
        }
        "call" => {
            Command::Call { json: flags.switch("--json"), options: call_options(&mut flags)? }
        }
        "telemetry" => {
            let json = flags.switch("--json");
            let target = Target { compression: true, ..flags.target()? };
            Command::Telemetry { json, options: telemetry::Options { load: flags.load(target)? } }
        }
        "subscribe" => Command::Subscribe(subscribe::Options {
            target: flags.stage()?,
            topics: flags.topics()?,
            connections: flags.count("--connections", 1000, 1..=100_000)?,
            hold: flags.seconds("--hold", 5.0)?,
            timeout: flags.seconds("--timeout", 5.0)?,
        }),
        "idle" => Command::Idle(idle::Options {
            target: flags.target()?,
            connections: flags.count("--connections", 1000, 1..=100_000)?,
            hold: flags.seconds("--hold", 5.0)?,
            timeout: flags.seconds("--timeout", 5.0)?,
        }),
        "connect" => Command::Connect {
            json: flags.switch("--json"),
            options: connect::Options {
                target: flags.target()?,
                parallel: flags.count("--parallel", 8, 1..=64)?,
                count: flags.count("--count", 2000, 1..=20_000)?,
                timeout: flags.seconds("--timeout", 5.0)?,
            },
        },
        "tcp-echo" => Command::TcpEcho(tcp_echo::Options {
            port: flags.value("--port")?.unwrap_or(0),
            seconds: flags.seconds("--seconds", 600.0)?,
        }),
        other => return Err(Error::Usage(format!("unknown command {other:?}"))),
    };
    match flags.0.first() {
        None => Ok(command),
        Some(rest) => Err(Error::Usage(format!("unexpected argument {rest:?}"))),
    }
}

fn echo_options(flags: &mut Flags<'_>) -> Result<echo::Options, Error> {
    let kind = match (flags.switch("--binary"), flags.switch("--raw")) {
        (false, false) => Kind::Text,
        (true, false) => Kind::Binary,
        (false, true) => Kind::Raw,
        (true, true) => return Err(Error::Usage("--binary or --raw, not both".to_owned())),
    };
    let target = flags.target()?;
    let options = echo::Options {
        load: flags.load(target)?,
        kind,
        size: flags.count("--size", 64, DIGITS..=16 * 1024 * 1024)?,
    };
    if options.load.depth * options.size > MOST_IN_FLIGHT {
        let text = format!("--depth times --size is over {MOST_IN_FLIGHT} bytes");
        return Err(Error::Usage(text));
    }
    Ok(options)
}

fn call_options(flags: &mut Flags<'_>) -> Result<call::Options, Error> {
    let target = flags.stage()?;
    Ok(call::Options {
        load: flags.load(target)?,
        batch: flags.count("--batch", 1, 1..=LARGEST_BATCH)?,
    })
}

/// The arguments that nobody has taken yet.
struct Flags<'a>(Vec<&'a str>);

impl Flags<'_> {
    fn switch(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|&argument| argument == name);
        found.map(|at| self.0.remove(at)).is_some()
    }

    fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Error> {
        let Some(at) = self.0.iter().position(|&argument| argument == name) else {
            return Ok(None);
        };
        let found: Vec<_> = self.0.drain(at..(at + 2).min(self.0.len())).collect();
        let &[_, text] = found.as_slice() else {
            return Err(Error::Usage(format!("{name} needs a value")));
        };
        let value = text.parse();
        value.map(Some).map_err(|_| Error::Usage(format!("{name} does not take {text:?}")))
    }

    fn needed(&mut self, name: &str) -> Result<String, Error> {
        self.value(name)?.ok_or_else(|| Error::Usage(format!("{name} is missing")))
    }

    /// A stage, or another RPC server, which lets the token be.
    fn stage(&mut self) -> Result<Target, Error> {
        let token = std::env::var(TOKEN).ok();
        Ok(Target { subprotocol: Some("stagedoor.json"), token, ..self.target()? })
    }

    fn load(&mut self, target: Target) -> Result<Load, Error> {
        Ok(Load {
            target,
            connections: self.count("--connections", 64, 1..=100_000)?,
            depth: self.count("--depth", 8, 1..=65_536)?,
            seconds: self.seconds("--seconds", 3.0)?,
            warmup: self.seconds("--warmup", 1.0)?,
            timeout: self.seconds("--timeout", 5.0)?,
            announce: self.switch("--announce"),
        })
    }

    fn topics(&mut self) -> Result<Vec<String>, Error> {
        let name: String = self.needed("--topic")?;
        Ok(match self.value::<usize>("--topics")? {
            None => vec![name],
            Some(count @ 1..=1000) => (0..count).map(|number| format!("{name}.{number}")).collect(),
            Some(count) => {
                return Err(Error::Usage(format!("--topics is {count}, expected 1 to 1000")));
            }
        })
    }

    fn target(&mut self) -> Result<Target, Error> {
        let url = self.needed("--url")?;
        Ok(Target { origin: self.value("--origin")?, ..Target::parse(&url)? })
    }

    fn count(
        &mut self,
        name: &str,
        default: usize,
        allowed: std::ops::RangeInclusive<usize>,
    ) -> Result<usize, Error> {
        let value = self.value(name)?.unwrap_or(default);
        if allowed.contains(&value) {
            return Ok(value);
        }
        let (low, high) = (allowed.start(), allowed.end());
        Err(Error::Usage(format!("{name} is {value}, expected {low} to {high}")))
    }

    fn seconds(&mut self, name: &str, default: f64) -> Result<Duration, Error> {
        let value = self.value(name)?.unwrap_or(default);
        if (0.0..=LONGEST_RUN).contains(&value) {
            return Ok(Duration::from_secs_f64(value));
        }
        Err(Error::Usage(format!("{name} is {value}, expected 0 to {LONGEST_RUN} seconds")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn echo_takes_all_its_options() {
        let line = "echo --url ws://127.0.0.1:80/ --connections 2 --depth 3 --size 99 --seconds 0.5 \
                    --warmup 0 --binary --origin http://a --timeout 2 --json --announce";
        let Ok(Command::Echo { options, json: true }) = parsed(line) else { panic!("refused") };
        let echo::Options { load, kind, size } = options;
        assert_eq!((load.connections, load.depth, size), (2, 3, 99));
        assert_eq!((load.seconds, load.warmup), (Duration::from_millis(500), Duration::ZERO));
        assert_eq!(
            (kind, load.timeout, load.announce),
            (Kind::Binary, Duration::from_secs(2), true)
        );
        assert_eq!(load.target.origin.as_deref(), Some("http://a"));
    }

    #[test]
    fn the_other_commands_have_defaults() {
        assert_eq!(parsed("echo --help"), Ok(Command::Help));
        assert!(matches!(
            parsed("tcp-echo"),
            Ok(Command::TcpEcho(tcp_echo::Options { port: 0, .. }))
        ));
        assert!(matches!(parsed("idle --url ws://h:1/"), Ok(Command::Idle(_))));
        let Ok(Command::Call { options, json: false }) = parsed("call --url ws://h:1/") else {
            panic!("refused")
        };
        assert_eq!((options.load.connections, options.load.depth, options.batch), (64, 8, 1));
        assert_eq!(options.load.target.subprotocol, Some("stagedoor.json"));
        let Ok(Command::Telemetry { options, json: true }) =
            parsed("telemetry --json --url ws://h:1/")
        else {
            panic!("refused")
        };
        assert!(options.load.target.compression);
        let Ok(Command::Subscribe(options)) = parsed("subscribe --url ws://h:1/ --topic t") else {
            panic!("refused")
        };
        assert_eq!((options.topics, options.connections), (vec!["t".to_owned()], 1000));
        let Ok(Command::Subscribe(options)) =
            parsed("subscribe --url ws://h:1/ --topic t --topics 2")
        else {
            panic!("refused")
        };
        assert_eq!(options.topics, ["t.0", "t.1"]);
        assert!(matches!(
            parsed("connect --url ws://h:1/"),
            Ok(Command::Connect { json: false, .. })
        ));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (line, expected) in [
            ("", "expected echo"),
            ("fly", "\"fly\""),
            ("echo", "--url is missing"),
            ("subscribe --url ws://h:1/", "--topic is missing"),
            ("call --url ws://h:1/ --size 9", "unexpected argument \"--size\""),
            ("echo --url ws://h:1/ --depth", "--depth needs a value"),
            ("echo --url ws://h:1/ --depth x", "--depth does not take \"x\""),
            ("echo --url ws://h:1/ --depth 0", "--depth is 0, expected 1 to"),
            ("echo --url ws://h:1/ --size 7", "--size is 7, expected 8 to"),
            ("call --url ws://h:1/ --batch 129", "--batch is 129, expected 1 to 128"),
            ("subscribe --url ws://h:1/ --topic t --topics 0", "--topics is 0"),
            ("echo --url ws://h:1/ --seconds NaN", "--seconds is NaN"),
            ("echo --url ws://h:1/ --raw --binary", "not both"),
            ("echo --url ws://h:1/ --size 16777216 --depth 64", "over 268435456 bytes"),
            ("tcp-echo --port 0 now", "unexpected argument \"now\""),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
