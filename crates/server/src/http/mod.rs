//! What a plain HTTP request gets: a page from a table in memory.

use stagedoor_protocol::{Method, Refusal, Request};

/// One resource, served as it is.
struct Page {
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
}

const PAGES: &[Page] = &[Page {
    path: "/",
    content_type: "text/html; charset=utf-8",
    body: concat!(
        "<!doctype html><meta charset=\"utf-8\"><title>stagedoor</title>\n",
        "<h1>A WebSocket server is running here.</h1>\n",
        "<p>It was made with stagedoor. Connect to this address with a WebSocket client.</p>\n",
    ),
}];

/// Answers a request whose Host and Origin have been checked, and that came through TLS or not.
pub(crate) fn respond(request: &Request, is_secure: bool) -> Vec<u8> {
    let path = request.path().split('?').next().unwrap_or_default();
    let Some(page) = PAGES.iter().find(|page| page.path == path) else {
        return Refusal::new(404, "there is nothing at this path").encode();
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
        page.content_type,
        page.body.len(),
        if is_secure { "wss" } else { "ws" },
        request.host(),
    );
    let body = if request.method() == Method::Head { "" } else { page.body };
    [head.as_bytes(), body.as_bytes()].concat()
}
