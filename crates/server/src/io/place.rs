//! A line of the program's code.

/// Where a thread is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) function: String,
}

impl Place {
    /// The innermost frame of a thread, from what Python's `faulthandler` writes of all threads.
    pub(crate) fn in_dump(dump: &str, thread: u64) -> Option<Self> {
        let width = 2 + 2 * size_of::<usize>();
        let name = format!("hread {thread:#0width$x} ");
        let mut lines = dump.lines().skip_while(|line| !line.contains(&name));
        lines.next()?;
        let (file, rest) = lines.next()?.strip_prefix("  File \"")?.rsplit_once("\", line ")?;
        let (line, function) = rest.split_once(" in ")?;
        Some(Self { file: unescape(file), line: line.parse().ok()?, function: unescape(function) })
    }

    pub(crate) fn to_json(&self) -> String {
        let (file, function) = (quote(&self.file), quote(&self.function));
        format!("{{\"file\":{file},\"line\":{},\"function\":{function}}}", self.line)
    }
}

/// Back from `\xe9`, `\u20ac`, `\U0001f389`: the dump is ASCII.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let digits = match rest.as_bytes().get(1) {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let code = rest.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        let (character, length) =
            code.and_then(char::from_u32).map_or(('\\', 1), |found| (found, 2 + digits));
        plain.push(character);
        rest = &rest[length..];
    }
    plain + rest
}

fn hex_digit(value: u32) -> char {
    char::from_digit(value, 16).unwrap_or('0')
}

/// A JSON string.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => {
                quoted.push_str("\\u00");
                quoted.extend([u32::from(control) / 16, u32::from(control) % 16].map(hex_digit));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\
Thread 0x00007f0000000002 (most recent call first):
  File \"/usr/lib/python3/threading.py\", line 324 in wait

Thread 0x00007f0000000001 (most recent call first):
  File \"/games/\\xe9t\\u20ac/ga\"me.py\", line 12 in up\\U0001f389date
  File \"/games/game.py\", line 40 in <module>

Current thread 0x00007f0000000003 [main] (most recent call first):
  File \"x.py\", line 1 in <module>
Thread 0x00007f0000000004 (most recent call first):
  <no Python frame>
";

    fn place(thread: u64) -> Option<Place> {
        Place::in_dump(DUMP, 0x7f00_0000_0000 + thread)
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_innermost_frame_of_the_thread_is_found() {
        let found = place(1).expect("a place");
        assert_eq!(found.file, "/games/ét€/ga\"me.py");
        assert_eq!((found.line, found.function.as_str()), (12, "up🎉date"));
        assert_eq!(place(3).expect("a place").file, "x.py");
        assert_eq!(place(2).expect("a place").line, 324);
    }

    #[test]
    fn a_thread_that_is_not_there_or_not_in_python_is_nowhere() {
        assert_eq!(place(4), None);
        assert_eq!(place(5), None);
        assert_eq!(Place::in_dump("", 1), None);
        assert_eq!(Place::in_dump(&DUMP[..300], 0x7f00_0000_0003), None);
    }

    #[test]
    fn json_keeps_every_character() {
        let place = Place { file: "C:\\a\"b".into(), line: 1, function: "é\n".into() };
        let json = "{\"file\":\"C:\\\\a\\\"b\",\"line\":1,\"function\":\"é\\u000a\"}";
        assert_eq!(place.to_json(), json);
        assert_eq!(unescape("\\"), "\\");
        assert_eq!(unescape("\\xg0\\x4"), "\\xg0\\x4");
        assert_eq!(unescape("\\ud800"), "\\ud800");
    }
}
