//! How deep a JSON text nests, and what is left of it when that is too deep.

use crate::cursor::Cursor;

/// The text without what nests deeper than `most`, where `[1]` is 1 deep, in time proportional to
/// its length. `None`: nothing does.
///
/// Where something was cut, an empty pair of brackets is left, so that the rest is still seen to be
/// too deep. Brackets are only counted, whatever kind they are.
pub fn without_deeper(text: &str, most: usize) -> Option<String> {
    let mut cursor = Cursor::new(text);
    let mut kept: Option<String> = None;
    let (mut depth, mut from) = (0_usize, 0);
    while let Some(bracket) = cursor.bracket() {
        if matches!(bracket, b'{' | b'[') {
            depth += 1;
            if depth == most + 1 {
                kept.get_or_insert_default().push_str(&text[from..cursor.at()]);
            }
        } else {
            if depth == most + 1 {
                from = cursor.at() - 1;
            }
            depth = depth.saturating_sub(1);
        }
    }
    if depth <= most
        && let Some(kept) = &mut kept
    {
        kept.push_str(&text[from..]);
    }
    kept
}
