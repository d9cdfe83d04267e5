//! Inputs that are almost ones of the kept corpus.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A change of an input.
#[derive(Clone, Debug)]
enum Edit {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    /// Goes on as another input does.
    Cross(Index, Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let byte = || prop_oneof![any::<u8>(), select(&b"\0\x01\x7e\x7f\x80\xff\r\n ,;:=\"\\/[]@"[..])];
    prop_oneof![
        3 => (any::<Index>(), byte()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        1 => (any::<Index>(), vec(byte(), 1..8)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        1 => (any::<Index>(), 1_usize..20).prop_map(|(at, count)| Edit::Remove(at, count)),
        1 => (any::<Index>(), 1_usize..40, 1_usize..80)
            .prop_map(|(at, count, times)| Edit::Repeat(at, count, times)),
        1 => (any::<Index>(), any::<Index>(), any::<Index>())
            .prop_map(|(at, other, from)| Edit::Cross(at, other, from)),
    ]
}

/// Inputs of the corpus with some changes.
pub(crate) fn mutated(corpus: &Arc<[Vec<u8>]>) -> impl Strategy<Value = Vec<u8>> + use<> {
    let corpus = Arc::clone(corpus);
    (any::<Index>(), vec(edit(), 1..5)).prop_map(move |(which, edits)| {
        let mut input = which.get(&corpus).clone();
        for edit in edits {
            apply(&mut input, edit, &corpus);
        }
        input
    })
}

fn apply(input: &mut Vec<u8>, edit: Edit, corpus: &[Vec<u8>]) {
    let length = input.len();
    match edit {
        Edit::Set(at, byte) if length > 0 => *at.get_mut(input) = byte,
        Edit::Set(_, byte) => input.push(byte),
        Edit::Insert(at, bytes) => {
            let at = at.index(length + 1);
            input.splice(at..at, bytes);
        }
        Edit::Remove(at, count) => {
            let at = at.index(length + 1);
            input.drain(at..length.min(at + count));
        }
        Edit::Repeat(at, count, times) => {
            let at = at.index(length + 1);
            let part = input[at..length.min(at + count)].repeat(times);
            input.splice(at..at, part);
        }
        Edit::Cross(at, other, from) => {
            let other = other.get(corpus);
            input.truncate(at.index(length + 1));
            input.extend_from_slice(&other[from.index(other.len() + 1)..]);
        }
    }
}
