//! What is left of a text that nests too deep.

use proptest::prelude::*;
use stagedoor_rpc::without_deeper;

fn depth_of(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for bracket in text.chars() {
        match bracket {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[test]
fn what_is_too_deep_is_cut_and_nothing_else() {
    for (text, most, left) in [
        ("", 1, None),
        ("[[1]]", 2, None),
        ("[[1,[2],3]]", 2, Some("[[1,[],3]]")),
        (r#"{"a":{"b":[1]},"id":7}"#, 1, Some(r#"{"a":{},"id":7}"#)),
        (r#"["[[[[\"[[["]"#, 1, None),
        (r#"[["]]]"],2]"#, 1, Some("[[],2]")),
        ("[[[1],[2]],[3]]", 1, Some("[[],[]]")),
        ("[[[", 1, Some("[[")),
        (r#"[[["é"],"é"],"é"]"#, 2, Some(r#"[[[],"é"],"é"]"#)),
        ("]]][[1]]", 1, Some("]]][[]]")),
        (r#"[["without end"#, 1, Some("[[")),
    ] {
        assert_eq!(without_deeper(text, most).as_deref(), left, "{text}");
    }
}

proptest! {
    #[test]
    fn one_level_too_many_is_left(text in "[\\[\\]{}1,é]{0,60}", most in 0_usize..6) {
        let depth = depth_of(&text);
        match without_deeper(&text, most) {
            None => prop_assert!(depth <= most),
            Some(left) => {
                prop_assert!(depth > most);
                prop_assert_eq!(depth_of(&left), most + 1);
            }
        }
    }
}
