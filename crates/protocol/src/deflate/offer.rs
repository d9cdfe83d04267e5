//! What a client offers in Sec-WebSocket-Extensions (RFC 6455 section 9.1, RFC 7692 section 7.1).

/// An offer of permessage-deflate that can be accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<u8>,
}

impl Offer {
    /// The first offer that can be accepted, in all headers of a request. Every byte is looked at
    /// a fixed number of times.
    pub(super) fn first_acceptable<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        headers.flat_map(|header| split(header, b',')).find_map(Self::parse)
    }

    /// An offer with an unknown or malformed parameter is declined.
    fn parse(extension: &str) -> Option<Self> {
        let mut parts = split(extension, b';').map(str::trim);
        if parts.next() != Some("permessage-deflate") {
            return None;
        }
        let mut offer = Self::default();
        let mut has_client_max_window_bits = false;
        for parameter in parts {
            let (name, value) = match parameter.split_once('=') {
                Some((name, value)) => (name.trim(), Some(unquoted(value.trim())?)),
                None => (parameter, None),
            };
            let is_first = match (name, value) {
                ("server_no_context_takeover", None) => set(&mut offer.server_no_context_takeover),
                ("client_no_context_takeover", None) => set(&mut offer.client_no_context_takeover),
                ("server_max_window_bits", Some(bits)) => {
                    // zlib cannot make a window of 8 bits.
                    let bits = window_bits(bits).filter(|&bits| bits >= 9)?;
                    offer.server_max_window_bits.replace(bits).is_none()
                }
                ("client_max_window_bits", bits) => {
                    // Our window is always the largest: the client may use what it likes.
                    if let Some(bits) = bits {
                        window_bits(bits)?;
                    }
                    set(&mut has_client_max_window_bits)
                }
                _ => false,
            };
            if !is_first {
                return None;
            }
        }
        Some(offer)
    }
}

/// Sets a mark, and says whether it was not set.
fn set(mark: &mut bool) -> bool {
    !std::mem::replace(mark, true)
}

/// 8 to 15, written in the fewest digits.
fn window_bits(digits: &str) -> Option<u8> {
    let bits = digits.parse().ok().filter(|bits| (8..=15).contains(bits));
    bits.filter(|bits: &u8| bits.to_string() == digits)
}

/// A value without its quotes, which must have a token in them, too.
fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"'),
        None => Some(value),
    }
}

/// The elements of a list. Separators in quotes do not count.
fn split(list: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            #[cfg(test)]
            tests::EXAMINED.with(|count| count.set(count.get() + 1));
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = is_quoted,
                b'"' => is_quoted = !is_quoted,
                _ => return byte == separator && !is_quoted,
            }
            false
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    thread_local! {
        pub(super) static EXAMINED: Cell<usize> = const { Cell::new(0) };
    }

    proptest! {
        #[test]
        fn every_byte_is_looked_at_twice_at_the_most(
            headers in proptest::collection::vec("[,;=\"\\\\ a]{0,60}|[,;]{900}", 0..4),
        ) {
            EXAMINED.set(0);
            Offer::first_acceptable(headers.iter().map(String::as_str));
            prop_assert!(EXAMINED.get() <= 2 * headers.iter().map(String::len).sum::<usize>());
        }
    }
}
