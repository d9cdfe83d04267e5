//! What it takes to read a request: a program whose instructions `python -m
//! benchmarks.instructions` counts.
//!
//! `cargo run --release -p stagedoor-rpc --example requests -- call PARAMS_BYTES MESSAGES`

use std::hint::black_box;

use stagedoor_rpc::Request;

const MAX_NESTING: usize = 64;

/// Counted by its name.
#[inline(never)]
fn measured<T>(step: impl FnOnce() -> T) -> T {
    black_box(step())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, size, messages] = arguments.as_slice() else {
        panic!("expected call PARAMS_BYTES MESSAGES");
    };
    assert_eq!(path, "call");
    let size: usize = size.parse().expect("a size in bytes");
    let messages: u32 = messages.parse().expect("a number of messages");
    let params = format!("[{}7]", "12345678,".repeat(size / 9));
    for id in 0..messages {
        let text = format!(r#"{{"jsonrpc":"2.0","method":"add","params":{params},"id":{id}}}"#);
        let request = measured(|| Request::read(black_box(&text), MAX_NESTING));
        assert_eq!(request.and_then(|request| request.params), Some(params.as_str()));
    }
    println!("{messages} read");
}
