//! Which messages are requests of the usual form, and what they ask for.

use proptest::prelude::*;
use stagedoor_rpc::Request;

const MAX_NESTING: usize = 64;

fn usual<'a>(method: &'a str, params: Option<&'a str>, id: &'a str) -> Request<'a> {
    Request { method, params, id }
}

#[test]
fn requests_of_the_usual_form_are_read() {
    for (message, expected) in [
        (
            r#"{"jsonrpc":"2.0","method":"spawn","params":{"kind":"big"},"id":1}"#,
            usual("spawn", Some(r#"{"kind":"big"}"#), "1"),
        ),
        (
            " {\t\"id\" : \"a b\" ,\r\n\"params\" : [ 1, [2] ] , \"method\": \"a.b\", \"jsonrpc\":\"2.0\" }\n",
            usual("a.b", Some("[ 1, [2] ]"), r#""a b""#),
        ),
        (
            r#"{"jsonrpc":"2.0","method":"","id":-999999999999999999}"#,
            usual("", None, "-999999999999999999"),
        ),
        (r#"{"jsonrpc":"2.0","method":"m","id":0}"#, usual("m", None, "0")),
        (
            r#"{"jsonrpc":"2.0","method":"m","params":["}\"]\\",{"é":"\u005d"}],"id":""}"#,
            usual("m", Some(r#"["}\"]\\",{"é":"\u005d"}]"#), r#""""#),
        ),
    ] {
        assert_eq!(Request::read(message, MAX_NESTING), Some(expected), "{message}");
    }
}

#[test]
fn other_forms_are_left_to_a_parser_that_knows_them() {
    for message in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"jsonrpc":"2.0","method":"m"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"method":"m","id":1}"#,
        r#"{"jsonrpc":"1.0","method":"m","id":1}"#,
        r#"{"jsonrpc":2.0,"method":"m","id":1}"#,
        r#"{"jsonrpc":"2.0","method":1,"id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m\u0061","id":1}"#,
        r#"{"jsonrpc":"2.0","method":"é","id":1}"#,
        r#"{"jsonrpc":"2.0","\u006dethod":"m","id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1,"more":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1,"id":1}"#,
        r#"{"jsonrpc":"2.0","jsonrpc":"2.0","method":"m","id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","method":"m","id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","params":[],"params":[],"id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","params":null,"id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","params":"[]","id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","params":[1,"id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","params":["\"],"id":1}"#,
        r#"{"jsonrpc":"2.0","method":"m","params":["\"#,
        r#"{"jsonrpc":"2.0","method":"m","id":null}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":true}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1.0}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1e3}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":01}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":-0}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":-}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":+1}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1000000000000000000}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":"a\n"}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1},"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1,}"#,
        r#"{"jsonrpc":"2.0","method":"m","id":1"#,
        r#"{"jsonrpc":"2.0","method":"m" "id":1}"#,
        r#"{"jsonrpc";"2.0","method":"m","id":1}"#,
        "\u{feff}{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"m\u{1}\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\u{a0}\"id\":1}",
    ] {
        assert_eq!(Request::read(message, MAX_NESTING), None, "{message}");
    }
}

#[test]
fn params_may_nest_so_deep_and_no_deeper() {
    let nested = |depth| {
        let params = "[".repeat(depth) + &"]".repeat(depth);
        format!(r#"{{"jsonrpc":"2.0","method":"m","params":{params},"id":1}}"#)
    };
    assert!(Request::read(&nested(MAX_NESTING), MAX_NESTING).is_some());
    assert!(Request::read(&nested(MAX_NESTING + 1), MAX_NESTING).is_none());
    assert!(Request::read(&nested(100_000), MAX_NESTING).is_none());
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(message in r#"[ \[\]{}"\\,:0-9a-emétdhojnrpcsi.\-]{0,80}"#) {
        let _ = Request::read(&message, MAX_NESTING);
    }

    #[test]
    fn a_request_cut_short_or_longer_is_none(
        cut in 0..70_usize, more in r"[^ \n\r\t]{1,3}",
    ) {
        let whole = r#"{"jsonrpc":"2.0","method":"spawn","params":["é\"",{"a":[]}],"id":"x7"}"#;
        prop_assert!(Request::read(whole, MAX_NESTING).is_some());
        if let Some(part) = whole.get(..cut) {
            prop_assert!(Request::read(part, MAX_NESTING).is_none());
        }
        let longer = format!("{whole}{more}");
        prop_assert!(Request::read(&longer, MAX_NESTING).is_none());
    }
}
