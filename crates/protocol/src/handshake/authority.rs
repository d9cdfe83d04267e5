//! The syntax of the Host and Origin headers. Whether a host or origin is welcome is decided
//! elsewhere.

use std::net::Ipv6Addr;

/// Whether `host` is a name, an IPv4 address or a bracketed IPv6 address, with or without a port.
pub(super) fn is_valid_host(host: &str) -> bool {
    let (name_is_valid, rest) = if let Some(bracketed) = host.strip_prefix('[') {
        match bracketed.split_once(']') {
            Some((address, rest)) => (address.parse::<Ipv6Addr>().is_ok(), rest),
            None => return false,
        }
    } else {
        let (name, rest) = host.split_at(host.find(':').unwrap_or(host.len()));
        (!name.is_empty() && name.bytes().all(is_name_byte), rest)
    };
    name_is_valid && (rest.is_empty() || rest.strip_prefix(':').is_some_and(is_valid_port))
}

/// Whether `origin` is `null`, or a scheme with a host and nothing behind it (RFC 6454 section 7).
pub(super) fn is_valid_origin(origin: &str) -> bool {
    if origin == "null" {
        return true;
    }
    origin.split_once("://").is_some_and(|(scheme, host)| {
        is_valid_scheme(scheme) && (is_valid_host(host) || (scheme == "file" && host.is_empty()))
    })
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn is_valid_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

fn is_valid_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:65535",
            "[2001:db8::ff]:80",
            "a.b-c_d.example.",
            "LOCALHOST",
        ] {
            assert!(is_valid_host(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "[::1",
            "::1",
            "[::1]80",
            "[::1]:",
            "[]",
            "[::g]",
            "[fe80::1%25eth0]",
            "localhost:",
            "localhost:x",
            "localhost:+80",
            "localhost:65536",
            "localhost:80:80",
            "127.0.0.1@evil",
            "user:word@localhost",
            "a b",
            "a/b",
            "a,b",
            "a\0b",
            "caf\u{e9}",
        ] {
            assert!(!is_valid_host(host), "{host}");
        }
    }

    #[test]
    fn origins() {
        for origin in [
            "null",
            "http://localhost:8080",
            "https://[::1]:8080",
            "http://evil.example",
            "chrome-extension://abcdefgh",
            "vscode-webview://1-2_3",
            "file://",
        ] {
            assert!(is_valid_origin(origin), "{origin}");
        }
        for origin in [
            "",
            "NULL",
            "localhost",
            "http:",
            "http://",
            "://localhost",
            "1http://localhost",
            "http://localhost/",
            "http://a http://b",
            "http://[::1",
            "http://localhost:99999",
            "http://user@localhost",
            "http://caf\u{e9}",
            "http://a\0",
        ] {
            assert!(!is_valid_origin(origin), "{origin}");
        }
    }
}
