//! The addresses that have offered wrong tokens.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// The failures of an address are forgotten this long after the first one.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered.
const ADDRESSES: usize = 1024;

/// Counts failed authentications by remote address.
///
/// The table is bounded: when it is full, the address that would be forgotten first makes room.
pub(crate) struct Failures {
    /// Of one address in one [`WINDOW`].
    allowed: u32,
    /// Since when, and how many.
    known: HashMap<IpAddr, (Instant, u32)>,
}

impl Failures {
    pub(crate) fn new(allowed: u32) -> Self {
        Self { allowed, known: HashMap::new() }
    }

    pub(crate) fn count(&mut self, address: IpAddr, now: Instant) {
        let address = network_of(address);
        if self.known.len() >= ADDRESSES && !self.known.contains_key(&address) {
            self.make_room(now);
        }
        let (since, count) = self.known.entry(address).or_insert((now, 0));
        if has_passed(*since, now) {
            (*since, *count) = (now, 0);
        }
        *count += 1;
    }

    /// How long an address with too many failures has to wait.
    pub(crate) fn must_wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let (since, count) = self.known.get(&network_of(address))?;
        let blocked = *count >= self.allowed && !has_passed(*since, now);
        blocked.then(|| (*since + WINDOW).saturating_duration_since(now))
    }

    fn make_room(&mut self, now: Instant) {
        self.known.retain(|_, (since, _)| !has_passed(*since, now));
        if self.known.len() >= ADDRESSES {
            let oldest = self.known.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.known.remove(&oldest);
            }
        }
    }
}

fn has_passed(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) >= WINDOW
}

/// What counts as one address: a machine may have all of an IPv6 /64 network.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_waits_from_its_fifth_failure_to_the_end_of_the_minute() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut failures = Failures::new(5);
        for second in 0..5 {
            assert_eq!(failures.must_wait(ip("127.0.0.1"), at(second)), None);
            failures.count(ip("127.0.0.1"), at(second));
        }
        assert_eq!(failures.must_wait(ip("127.0.0.1"), at(20)), Some(Duration::from_secs(40)));
        assert_eq!(failures.must_wait(ip("::ffff:127.0.0.1"), at(59)).map(|_| ()), Some(()));
        assert_eq!(failures.must_wait(ip("127.0.0.2"), at(20)), None);
        assert_eq!(failures.must_wait(ip("127.0.0.1"), at(60)), None);
        failures.count(ip("127.0.0.1"), at(60));
        assert_eq!(failures.must_wait(ip("127.0.0.1"), at(60)), None);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let now = Instant::now();
        let mut failures = Failures::new(5);
        for host in 1..=5 {
            failures.count(ip(&format!("2001:db8::{host}")), now);
        }
        assert!(failures.must_wait(ip("2001:db8::ffff"), now).is_some());
        assert!(failures.must_wait(ip("2001:db8:0:1::1"), now).is_none());
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_oldest() {
        let start = Instant::now();
        let mut failures = Failures::new(5);
        for number in 0..2_000_u32 {
            let address = IpAddr::from(number.to_be_bytes());
            for _ in 0..5 {
                failures.count(address, start + Duration::from_millis(number.into()));
            }
            assert!(failures.known.len() <= ADDRESSES);
        }
        let now = start + Duration::from_secs(10);
        let must_wait = |number: u32| failures.must_wait(number.to_be_bytes().into(), now);
        assert!(must_wait(1_999).is_some());
        assert!(must_wait(0).is_none());
    }
}
