//! From a request to a WebSocket connection, a page or a refusal.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use stagedoor_protocol::{Connection, Refusal, Request, Upgrade, upgrade};

use super::allowance::Allowance;
use super::open::Open;
use super::{Fate, Peer, Phase, Rules};
use crate::gate::token_gate::{Answer, Standing, Verdict, WRONG_TOKEN_DELAY};
use crate::http;
use crate::queues::event::{Batch, Event, Headers, Opened};
use crate::queues::outbox::Account;

impl Peer {
    pub(super) fn admit(
        &mut self,
        request: &Request,
        mut rest: Vec<u8>,
        rules: &mut Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        if let Err(refusal) = rules.admission.check(request) {
            return self.refuse(&refusal.of(request.method()), rules, now, batch);
        }
        if !request.wants_upgrade() {
            self.response =
                http::respond(&rules.settings.files, request, rules.settings.tls.is_some());
            return self.linger(rules, now);
        }
        let upgrade = match upgrade(request) {
            Ok(upgrade) => upgrade,
            Err(refusal) => {
                return self.refuse(&refusal.of(request.method()), rules, now, batch);
            }
        };
        let spoken = &rules.settings.subprotocols;
        let subprotocol = upgrade
            .subprotocols()
            .filter(|offered| rules.gate.may_choose(offered))
            .find(|offered| spoken.iter().any(|known| known == offered))
            .map(str::to_owned);
        let Phase::Handshake { deadline, .. } = self.phase else { return Fate::Drop };
        let role = match rules.gate.judge(request, &upgrade) {
            Verdict::Enter(standing, role) => {
                self.standing = standing;
                role
            }
            Verdict::Refuse(standing, answer) => {
                self.standing = standing;
                let subprotocol = subprotocol.as_deref();
                return self.turn_down(&answer, &upgrade, subprotocol, rules, now, batch);
            }
        };
        let deflate = rules.compression.as_ref().and_then(|shared| shared.accept(request));
        self.response = upgrade.response(subprotocol.as_deref(), deflate.as_ref());
        let account = Arc::new(Account::default());
        let opened = Opened {
            path: request.path().to_owned(),
            headers: Headers::of(rules.gate.visible_headers(request)),
            subprotocol,
            remote_address: self.address,
            role,
            token_generation: rules.gate.generation,
            account: Arc::clone(&account),
        };
        batch.push(Event::Opened(self.id, Box::new(opened)));
        let mut connection = Connection::new(&rules.protocol, now);
        if let Some(deflate) = deflate {
            connection = connection.with_deflate(deflate);
        }
        let per_second = rules.settings.max_messages_per_second;
        let allowance = per_second.map(|per_second| Allowance::new(per_second, now));
        let mut open = Open::new(connection, account, allowance);
        if self.standing == Standing::Unauthenticated {
            open.restrict(rules.settings.max_unauthenticated_message_size, deadline);
        }
        open.receive(self.id, &mut rest, now, batch);
        self.phase = Phase::Open(Box::new(open));
        Fate::Keep
    }

    /// Answers a client that the gate does not let in; after a while, if its token is wrong.
    fn turn_down(
        &mut self,
        answer: &Answer,
        upgrade: &Upgrade,
        subprotocol: Option<&str>,
        rules: &mut Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        let (code, reason, response) = match answer {
            Answer::Http(refusal) => (refusal.status, refusal.reason.as_str(), refusal.encode()),
            Answer::Close(code, reason) => {
                let mut response = upgrade.response(subprotocol, None);
                response.extend(close_frame(*code, reason, rules, now));
                (*code, *reason, response)
            }
        };
        log(rules, code, reason, self.address, now, batch);
        if self.standing == Standing::Wrong {
            self.phase = Phase::Waiting { until: now + WRONG_TOKEN_DELAY, response };
            return Fate::Keep;
        }
        self.response = response;
        self.linger(rules, now)
    }

    /// The program knows who the client is.
    pub(crate) fn authenticate(&mut self, rules: &mut Rules) {
        if let Phase::Open(open) = &mut self.phase {
            rules.gate.authenticate(&mut self.standing);
            open.lift_restrictions(rules.settings.max_message_size);
        }
    }

    /// Answers with this refusal; a refusal of a peer that does not speak HTTP has no answer.
    pub(crate) fn refuse(
        &mut self,
        refusal: &Refusal,
        rules: &mut Rules,
        now: Instant,
        batch: &mut Batch,
    ) -> Fate {
        log(rules, refusal.status, &refusal.reason, self.address, now, batch);
        self.response = refusal.encode();
        if self.response.is_empty() {
            return Fate::Drop;
        }
        self.linger(rules, now)
    }

    pub(super) fn linger(&mut self, rules: &Rules, now: Instant) -> Fate {
        self.phase = Phase::Lingering { deadline: now + rules.settings.close_timeout };
        Fate::Keep
    }
}

/// Tells the program of a refusal, if it is time for a line in its log.
fn log(
    rules: &mut Rules,
    code: u16,
    reason: &str,
    client: SocketAddr,
    now: Instant,
    batch: &mut Batch,
) {
    if let Some(line) = rules.refusals.line(code, reason, client, now) {
        batch.push(Event::Refused(line.into()));
    }
}

/// The close frame of a connection that is closed before it begins.
fn close_frame(code: u16, reason: &str, rules: &Rules, now: Instant) -> Vec<u8> {
    let mut connection = Connection::new(&rules.protocol, now);
    connection.close(code, reason, now);
    let mut slice = [IoSlice::new(&[])];
    connection.transmit(&mut slice);
    slice[0].to_vec()
}
