//! What a server makes of what clients send, for comparison with other servers.
//!
//! Reads cases from stdin until its end: two lengths (4 bytes each, big-endian), a request head of
//! the first and what follows it of the second. Writes one line for each, of words separated by
//! spaces, where bytes are in hexadecimal, behind a colon:
//!
//! - `refused STATUS REASON`, with dashes for its spaces; or `incomplete`; or
//! - `accepted EXTENSIONS`, the header of the response without its spaces, or `-`; then the events,
//!   `text:`, `binary:`, `closed CODE`, `failed CODE`; and `wrote:`, with what was written.
//!
//! The limits are those of [`Config::default`], but for the message size of 4 KiB.

use std::io::{self, IoSlice, Read, Write};
use std::time::Instant;

use stagedoor_protocol::{
    Compression, Config, Connection, Event, HeadReader, Kind, Refusal, upgrade,
};

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Some(head) = read_length(&mut input)? {
        let frames = read_length(&mut input)?.unwrap_or_default();
        let (mut head, mut frames) = (vec![0; head], vec![0; frames]);
        input.read_exact(&mut head)?;
        input.read_exact(&mut frames)?;
        let trace = match trace(&head, &mut frames) {
            Ok(Some(words)) => words.join(" "),
            Ok(None) => "incomplete".to_owned(),
            Err(refusal) => {
                format!("refused {} {}", refusal.status, refusal.reason.replace(' ', "-"))
            }
        };
        writeln!(output, "{trace}")?;
    }
    output.flush()
}

fn read_length(input: &mut impl Read) -> io::Result<Option<usize>> {
    let mut bytes = [0; 4];
    match input.read_exact(&mut bytes) {
        Ok(()) => Ok(usize::try_from(u32::from_be_bytes(bytes)).ok()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn trace(head: &[u8], frames: &mut [u8]) -> Result<Option<Vec<String>>, Refusal> {
    let mut reader = HeadReader::default();
    let Some(request) = reader.receive(head)? else { return Ok(None) };
    let upgrade = upgrade(&request)?;
    let deflate = Compression::new(1, 1).accept(&request);
    let response = String::from_utf8_lossy(&upgrade.response(None, deflate.as_ref())).into_owned();
    let extensions = response.split("Sec-WebSocket-Extensions: ").nth(1);
    let extensions = extensions.map_or_else(|| "-".to_owned(), |rest| rest.trim().replace(' ', ""));
    let mut words = vec![format!("accepted {extensions}")];

    let now = Instant::now();
    let config = Config { max_message_size: 4096, max_pings: u32::MAX, ..Config::default() };
    let mut connection = Connection::new(&config, now);
    if let Some(deflate) = deflate {
        connection = connection.with_deflate(deflate);
    }
    let mut received = reader.into_rest();
    received.extend_from_slice(frames);
    for event in connection.receive(&mut received, now) {
        words.push(match event {
            Event::Pong { .. } => continue,
            Event::Message { kind: Kind::Text, payload } => {
                format!("text:{}", hexadecimal(&payload))
            }
            Event::Message { kind: Kind::Binary, payload } => {
                format!("binary:{}", hexadecimal(&payload))
            }
            Event::Closed { code, .. } => format!("closed {code}"),
            Event::Failed(error) => format!("failed {}", error.code()),
        });
    }
    let mut written = Vec::new();
    loop {
        let mut slices = [IoSlice::new(&[]); 4];
        let count = connection.transmit(&mut slices);
        if count == 0 {
            break;
        }
        let before = written.len();
        slices[..count].iter().for_each(|slice| written.extend_from_slice(slice));
        connection.transmitted(written.len() - before, now);
    }
    words.push(format!("wrote:{}", hexadecimal(&written)));
    Ok(Some(words))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
