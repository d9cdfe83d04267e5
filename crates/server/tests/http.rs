//! Plain HTTP requests get the files of the settings.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use stagedoor_server::{File, Server, Settings, Tokens};
use support::{PATIENCE, UPGRADE, listen};

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

/// The whole answer to these bytes.
fn answer_to(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(bytes).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in UTF-8");
    answer
}

#[test]
fn a_refused_head_has_no_body_whatever_it_is_refused_for() {
    let tokens = Tokens::new([("right", 1)]).expect("well-formed");
    let server = listen(Settings { tokens: Some(tokens), ..Settings::default() });
    let host = format!("Host: {}\r\n", server.address());
    let long = "x".repeat(9000);
    let headers = "X: y\r\n".repeat(65);
    for (status, target, rest) in [
        (404, "/nothing", host.clone()),
        (403, "/", "Host: evil.example\r\n".to_owned()),
        (403, "/", format!("{host}Origin: http://evil.example\r\n")),
        (400, "/", String::new()),
        (400, "/", format!("{host}{host}")),
        (400, "/", format!("{host}Content-Length: 5\r\n")),
        (400, "/", format!("{host}Bad Header: x\r\n")),
        (414, &*format!("/{long}"), host.clone()),
        (431, "/", format!("{host}{headers}")),
        (431, "/", format!("{host}X: {long}\r\nY: {long}\r\n")),
        (405, "/", format!("{host}{UPGRADE}")),
        (405, "/", format!("{host}{UPGRADE}Authorization: Bearer wrong\r\n")),
    ] {
        let request = format!("{target} HTTP/1.1\r\n{rest}\r\n");
        let head = answer_to(&server, format!("HEAD {request}").as_bytes());
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
        assert!(head.contains("\r\nContent-Length: ") && head.ends_with("\r\n\r\n"), "{head}");
        if status != 405 {
            let get = answer_to(&server, format!("GET {request}").as_bytes());
            assert!(get.starts_with(&head) && get.len() > head.len(), "{get}");
        }
    }
}
