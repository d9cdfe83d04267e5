//! The answers to plain HTTP requests: files that lie in memory.

use std::sync::Arc;

use stagedoor_protocol::{Method, Refusal, Request};

/// A file, served as it is.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is: `/` or `/name.js`.
    pub path: String,
    /// The value of its `Content-Type` header.
    pub content_type: String,
    /// What is in it.
    pub body: Arc<[u8]>,
}

const WELCOME: &str = "\
<!doctype html><meta charset=\"utf-8\"><title>stagedoor</title>
<h1>A WebSocket server is running here.</h1>
<p>It was made with stagedoor. Connect to this address with a WebSocket client.</p>
";

impl File {
    /// A page at `/` that says what this server is.
    pub fn welcome() -> Self {
        Self {
            path: "/".into(),
            content_type: "text/html; charset=utf-8".into(),
            body: WELCOME.as_bytes().into(),
        }
    }
}

/// The answer to a request whose Host and Origin have been checked. `is_secure`: it came over TLS.
pub(crate) fn respond(files: &[File], request: &Request, is_secure: bool) -> Vec<u8> {
    let path = request.path().split('?').next().unwrap_or_default();
    let Some(file) = files.iter().find(|file| file.path == path) else {
        return Refusal::new(404, "there is nothing at this path").of(request.method()).encode();
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: {}\r\n\
         Content-Length: {}\r\n\
         Content-Security-Policy: default-src 'self'; connect-src 'self' {}://{}; frame-ancestors 'none'\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\n\
         Cache-Control: no-store\r\n\
         Connection: close\r\n\r\n",
        file.content_type,
        file.body.len(),
        if is_secure { "wss" } else { "ws" },
        request.host(),
    );
    let body: &[u8] = if request.method() == Method::Head { &[] } else { &file.body };
    [head.as_bytes(), body].concat()
}
