//! Plain HTTP requests get the files of the settings.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use stagedoor_server::{File, Server, Settings};
use support::{PATIENCE, listen};

/// The whole answer to a request.
fn answer(server: &Server, method: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let host = server.address();
    write!(stream, "{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    answer
}

#[test]
fn a_server_that_was_given_no_files_says_what_it_is() {
    let server = listen(Settings::default());
    let page = answer(&server, "GET", "/?any=query");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html"), "{page}");
    assert!(page.ends_with("Connect to this address with a WebSocket client.</p>\n"), "{page}");
}

#[test]
fn files_are_served_as_they_are_under_their_paths_alone() {
    let file = |path: &str, content_type: &str, body: &str| File {
        path: path.into(),
        content_type: content_type.into(),
        body: body.as_bytes().into(),
    };
    let files = vec![file("/", "text/plain", "one"), file("/two.js", "text/javascript", "two()")];
    let server = listen(Settings { files, ..Settings::default() });
    assert!(answer(&server, "GET", "/").ends_with("\r\n\r\none"));
    let script = answer(&server, "GET", "/two.js");
    assert!(script.contains("\r\nContent-Type: text/javascript\r\nContent-Length: 5\r\n"));
    assert!(script.ends_with("\r\n\r\ntwo()"), "{script}");
    let head = answer(&server, "HEAD", "/two.js");
    assert!(head.contains("\r\nContent-Length: 5\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    for path in ["/three.js", "/two.js/", "/TWO.js", "//two.js"] {
        assert!(answer(&server, "GET", path).starts_with("HTTP/1.1 404 "), "{path}");
    }
}
