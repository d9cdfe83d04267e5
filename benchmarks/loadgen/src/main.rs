//! `stagedoor-loadgen`: the client side of the benchmarks.
//!
//! One thread runs closed loops and checks every reply. It shares the machine with the server that
//! it measures, so a message must cost it as little as possible: frames are made once and patched
//! ([`payload::Batch`]), everything owed to a connection after a read leaves in one write, and
//! replies are compared where they were read.

mod answer;
mod args;
mod call;
mod caller;
mod connect;
mod connection;
mod decompressing;
mod echo;
mod error;
mod frame;
mod histogram;
mod idle;
mod messages;
mod opening;
mod payload;
mod report;
mod request;
mod run;
mod socket;
mod subscribe;
mod tcp_echo;
mod telemetry;
#[cfg(test)]
mod testing;

use std::io::Write as _;
use std::process::ExitCode;

use args::Command;
use error::Error;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match args::parse(&arguments).and_then(run) {
        Ok(text) => {
            // The measurement has not failed if its reader has gone away.
            let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("stagedoor-loadgen: {error}");
            ExitCode::from(if matches!(error, Error::Usage(_)) { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> Result<String, Error> {
    match command {
        Command::Help => Ok(args::HELP.to_owned()),
        Command::Echo { options, json } => Ok(echo::run(&options)?.to_string(json)),
        Command::Call { options, json } => Ok(call::run(&options)?.to_string(json)),
        Command::Telemetry { options, json } => Ok(telemetry::run(&options)?.to_string(json)),
        Command::Connect { options, json } => Ok(connect::run(&options)?.to_string(json)),
        Command::Subscribe(options) => subscribe::run(&options),
        Command::Idle(options) => idle::run(&options),
        Command::TcpEcho(options) => tcp_echo::run(&options),
    }
}
