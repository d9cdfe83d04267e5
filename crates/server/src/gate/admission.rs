//! Who may connect: the Host and Origin checks, made on every route before anything else.
//!
//! Host stops DNS rebinding: a page that has its own name resolved to this machine still sends
//! that name. Origin stops every other page in the browser. Both are compared as whole values,
//! never by prefix or suffix.

use std::net::SocketAddr;

use stagedoor_protocol::{Refusal, Request};

/// The values that the Host and Origin headers may have.
pub(crate) struct Admission {
    /// Lower case, with the port unless it is the one that is left out.
    authorities: Vec<String>,
    /// Hosts at a proxy whose port is left out: they are of no origin of ours.
    proxies: Vec<String>,
    scheme: Scheme,
    /// Lower case.
    origins: Vec<String>,
}

/// How our own pages are asked for, and the port that is left out with it.
#[derive(Clone, Copy)]
struct Scheme {
    prefix: &'static str,
    port: &'static str,
}

const HTTP: Scheme = Scheme { prefix: "http://", port: ":80" };
const HTTPS: Scheme = Scheme { prefix: "https://", port: ":443" };

impl Admission {
    /// For a server that was told to listen at this host, and does so at this address, with TLS or
    /// without, and with what its user allows beside it.
    pub(crate) fn new(
        host: &str,
        bound: SocketAddr,
        is_secure: bool,
        hosts: &[String],
        origins: &[String],
    ) -> Self {
        let scheme = if is_secure { HTTPS } else { HTTP };
        let port = bound.port();
        let mut names = vec!["127.0.0.1".into(), "localhost".into(), "[::1]".into()];
        // 0.0.0.0 and :: are no names of this machine; other machines have them, too.
        if !bound.ip().is_unspecified() {
            names.push(in_brackets(&bound.ip().to_string()));
            names.push(in_brackets(host));
        }
        names.extend(hosts.iter().cloned());
        let names = names.iter().map(|name| with_port(name, port));
        let authorities = names.map(|name| without(scheme.port, &name).to_owned()).collect();
        let left_out = |name: &String| {
            let ports = [HTTP.port, HTTPS.port];
            ports.iter().find_map(|port| name.strip_suffix(port)).map(str::to_ascii_lowercase)
        };
        let proxies = hosts.iter().filter_map(left_out).collect();
        let origins = origins.iter().map(|origin| origin.to_ascii_lowercase()).collect();
        Self { authorities, proxies, scheme, origins }
    }

    /// 403 for a foreign Host or Origin.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Refusal> {
        self.check_host(request.host())?;
        request.origin().map_or(Ok(()), |origin| self.check_origin(origin))
    }

    fn check_host(&self, host: &str) -> Result<(), Refusal> {
        if self.has_authority(host) || self.proxies.contains(&host.to_ascii_lowercase()) {
            return Ok(());
        }
        Err(Refusal::new(
            403,
            "the Host header names another server; allow more names with hosts=[...]",
        ))
    }

    fn check_origin(&self, origin: &str) -> Result<(), Refusal> {
        let origin = origin.to_ascii_lowercase();
        let own =
            origin.strip_prefix(self.scheme.prefix).is_some_and(|rest| self.has_authority(rest));
        if own || self.origins.contains(&origin) {
            return Ok(());
        }
        Err(Refusal::new(
            403,
            "the page's Origin is not this server's; allow more with origins=[...]",
        ))
    }

    fn has_authority(&self, authority: &str) -> bool {
        let authority = authority.to_ascii_lowercase();
        let authority = without(self.scheme.port, &authority);
        self.authorities.iter().any(|allowed| allowed == authority)
    }
}

/// An IPv6 address as it stands before a port.
fn in_brackets(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Lower case, `name` with our port, `name:port` as it is.
fn with_port(name: &str, port: u16) -> String {
    let name = name.to_ascii_lowercase();
    let after_address = name.rsplit(']').next().unwrap_or_default();
    if after_address.contains(':') { name } else { format!("{name}:{port}") }
}

fn without<'a>(port: &str, authority: &'a str) -> &'a str {
    authority.strip_suffix(port).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(bound: &str, hosts: &[&str], origins: &[&str]) -> Admission {
        with_scheme(false, bound, hosts, origins)
    }

    fn with_scheme(secure: bool, bound: &str, hosts: &[&str], origins: &[&str]) -> Admission {
        let owned = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        let bound: SocketAddr = bound.parse().expect("address");
        let host = bound.ip().to_string();
        Admission::new(&host, bound, secure, &owned(hosts), &owned(origins))
    }

    fn status(result: Result<(), Refusal>) -> u16 {
        result.map_or_else(|refusal| refusal.status, |()| 200)
    }

    #[test]
    fn only_our_own_names_with_our_port_are_hosts() {
        let admission = admission("127.0.0.1:8787", &[], &[]);
        for host in ["127.0.0.1:8787", "localhost:8787", "LOCALHOST:8787", "[::1]:8787"] {
            assert_eq!(status(admission.check_host(host)), 200, "{host}");
        }
        for host in [
            "localhost6:8787",
            "127.0.0.1.evil.com:8787",
            "evil.com:8787",
            "localhost.:8787",
            "127.0.0.1",
            "127.0.0.1:8788",
            "127.0.0.1:80",
            "127.0.0.1:08787",
            "0.0.0.0:8787",
            "192.168.1.5:8787",
            "",
        ] {
            assert_eq!(status(admission.check_host(host)), 403, "{host}");
        }
    }

    #[test]
    fn port_80_may_be_left_out() {
        let admission = admission("127.0.0.1:80", &[], &[]);
        for host in ["localhost", "localhost:80", "[::1]"] {
            assert_eq!(status(admission.check_host(host)), 200, "{host}");
        }
        assert_eq!(status(admission.check_origin("http://localhost")), 200);
    }

    #[test]
    fn with_tls_the_own_origin_is_https_and_port_443_may_be_left_out() {
        let plain = with_scheme(true, "127.0.0.1:8787", &[], &[]);
        assert_eq!(status(plain.check_origin("https://localhost:8787")), 200);
        assert_eq!(status(plain.check_origin("http://localhost:8787")), 403);
        let default = with_scheme(true, "127.0.0.1:443", &["game.local"], &[]);
        for host in ["localhost", "localhost:443", "[::1]", "game.local", "game.local:443"] {
            assert_eq!(status(default.check_host(host)), 200, "{host}");
            assert_eq!(status(default.check_origin(&format!("https://{host}"))), 200, "{host}");
            assert_eq!(status(default.check_origin(&format!("http://{host}"))), 403, "{host}");
        }
        assert_eq!(status(default.check_host("localhost:80")), 403);
        let eighty = with_scheme(true, "127.0.0.1:80", &[], &[]);
        assert_eq!(status(eighty.check_host("localhost:80")), 200);
        assert_eq!(status(eighty.check_host("localhost")), 403);
    }

    #[test]
    fn the_port_of_a_proxy_may_be_left_out_if_it_is_443_or_80() {
        let proxied = admission(
            "127.0.0.1:8787",
            &["Game.example:443", "old.example:80", "odd.example:444"],
            &[],
        );
        for host in ["game.example", "game.example:443", "old.example", "odd.example:444"] {
            assert_eq!(status(proxied.check_host(host)), 200, "{host}");
        }
        assert_eq!(status(proxied.check_host("odd.example")), 403);
        for origin in ["https://game.example", "http://game.example"] {
            assert_eq!(status(proxied.check_origin(origin)), 403, "needs origins: {origin}");
        }
    }

    #[test]
    fn more_hosts_come_from_the_address_and_the_option() {
        let specific = admission("192.168.1.5:9000", &["game.local", "proxy.example:443"], &[]);
        for host in ["192.168.1.5:9000", "game.local:9000", "proxy.example:443"] {
            assert_eq!(status(specific.check_host(host)), 200, "{host}");
        }
        assert_eq!(status(specific.check_host("proxy.example:9000")), 403);
        let any = admission("0.0.0.0:9000", &[], &[]);
        assert_eq!(status(any.check_host("0.0.0.0:9000")), 403);
        let six = admission("[fe80::1]:9000", &[], &[]);
        assert_eq!(status(six.check_host("[fe80::1]:9000")), 200);
    }

    #[test]
    fn the_host_that_it_was_told_to_listen_at_is_one() {
        for (host, bound, names) in [
            ("127.0.0.2", "127.0.0.2:9000", vec!["127.0.0.2:9000"]),
            ("Machine.local", "127.0.1.1:9000", vec!["machine.local:9000", "127.0.1.1:9000"]),
            ("::1", "[::1]:9000", vec!["[::1]:9000"]),
            ("0:0::1", "[::1]:9000", vec!["[0:0::1]:9000", "[::1]:9000"]),
        ] {
            let bound = bound.parse().expect("address");
            let admission = Admission::new(host, bound, false, &[], &[]);
            for name in names {
                assert_eq!(status(admission.check_host(name)), 200, "{name}");
                assert_eq!(status(admission.check_origin(&format!("http://{name}"))), 200);
            }
            assert_eq!(status(admission.check_host("127.0.0.3:9000")), 403);
        }
        for (host, bound) in [("0.0.0.0", "0.0.0.0:9000"), ("::", "[::]:9000")] {
            let admission = Admission::new(host, bound.parse().expect("address"), false, &[], &[]);
            for name in ["0.0.0.0:9000", "[::]:9000"] {
                assert_eq!(status(admission.check_host(name)), 403, "{name}");
            }
        }
    }

    #[test]
    fn only_our_own_origin_and_the_listed_ones_are_let_in() {
        let admission = admission("127.0.0.1:8787", &[], &["https://Tools.example"]);
        for origin in ["http://127.0.0.1:8787", "http://localhost:8787", "https://tools.example"] {
            assert_eq!(status(admission.check_origin(origin)), 200, "{origin}");
        }
        for origin in [
            "null",
            "file://",
            "http://127.0.0.1:8788",
            "http://127.0.0.1",
            "https://127.0.0.1:8787",
            "http://localhost:8787.evil.com",
            "https://tools.example.evil.com",
            "https://tools.example:444",
            "http://tools.example",
        ] {
            assert_eq!(status(admission.check_origin(origin)), 403, "{origin}");
        }
    }
}
