//! The gate of a server with tokens: the check at the opening handshake, and how many are let in.
//!
//! | what the client offers | what it gets |
//! |---|---|
//! | nothing | in, unauthenticated; 503 if there is no place left for such clients |
//! | `Authorization: Bearer` with a token of ours | in; 503 if there is no place left |
//! | any other `Authorization` | 401 after a while, or 429 at once |
//! | the subprotocol `stagedoor.token.<token>`, a token of ours | as with the header |
//! | any other `stagedoor.token.*`, or two | in and out: with 4401 after a while, or 4429 at once |
//!
//! The last row is for browsers, whose pages cannot see the status of a refusal. With both, the
//! header decides.
//!
//! Clients with a wrong token share a few places, where each waits for [`WRONG_TOKEN_DELAY`] to be
//! told so. When those are taken, the next is told at once that there are too many. A right token
//! lets its client in, whatever others have guessed.

use std::borrow::Cow;
use std::time::Duration;

use stagedoor_protocol::{Refusal, Request, Upgrade};

use super::close_code;
use super::tokens::Tokens;

/// A client with a wrong token is told so after this time.
pub const WRONG_TOKEN_DELAY: Duration = Duration::from_secs(1);

const SUBPROTOCOL: &str = "stagedoor.token.";

/// What the gate knows of a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has not been let in, or the server asks for no tokens.
    #[default]
    Outside,
    /// Let in without a token, for a while.
    Unauthenticated,
    /// It has shown a token, or the program knows it.
    Authenticated,
    /// It has shown a wrong token, and waits to be told so.
    Wrong,
}

/// What becomes of a client after its opening handshake.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// In, with the role of its token.
    Enter(Standing, Option<u8>),
    /// Refused with this answer: after [`WRONG_TOKEN_DELAY`] with the standing
    /// [`Standing::Wrong`], else at once.
    Refuse(Standing, Answer),
}

/// What a client is told that does not enter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A refusal before it is a WebSocket.
    Http(Refusal),
    /// It is accepted only to be told this close code and reason.
    Close(u16, &'static str),
}

/// Checks tokens and counts the clients that are in, or wait to be told that they are not. A server without tokens lets everybody in and
/// counts nobody.
pub(crate) struct TokenGate {
    tokens: Option<Tokens>,
    /// How often the tokens were replaced.
    pub(crate) generation: u64,
    max_authenticated: usize,
    max_unauthenticated: usize,
    max_wrong: usize,
    authenticated: usize,
    unauthenticated: usize,
    wrong: usize,
}

impl TokenGate {
    /// `max_wrong`: clients with a wrong token that may wait to be told so.
    pub(crate) fn new(
        tokens: Option<Tokens>,
        max_authenticated: usize,
        max_unauthenticated: usize,
        max_wrong: usize,
    ) -> Self {
        Self {
            tokens,
            generation: 0,
            max_authenticated,
            max_unauthenticated,
            max_wrong,
            authenticated: 0,
            unauthenticated: 0,
            wrong: 0,
        }
    }

    /// The server was made with tokens.
    pub(crate) fn is_guarded(&self) -> bool {
        self.tokens.is_some()
    }

    /// The most that can be in, or wait.
    pub(crate) fn capacity(&self) -> usize {
        self.max_authenticated + self.max_unauthenticated + self.max_wrong
    }

    pub(crate) fn set_tokens(&mut self, tokens: Tokens, generation: u64) {
        self.tokens = Some(tokens);
        self.generation = generation;
    }

    /// Whether this subprotocol is one that may be chosen, which a token never is.
    pub(crate) fn may_choose(&self, subprotocol: &str) -> bool {
        !self.is_guarded() || !is_token(subprotocol)
    }

    /// The headers of a request as the program may see them: without tokens.
    pub(crate) fn visible_headers<'a>(
        &self,
        request: &'a Request,
    ) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        let is_guarded = self.is_guarded();
        request.headers().filter_map(move |header| {
            if is_guarded { without_tokens(header) } else { Some((header.0, header.1.into())) }
        })
    }

    /// What becomes of this client. It is counted from here on, by its standing: see
    /// [`TokenGate::leave`].
    pub(crate) fn judge(&mut self, request: &Request, upgrade: &Upgrade) -> Verdict {
        let Some(tokens) = &self.tokens else { return Verdict::Enter(Standing::Outside, None) };
        let offer = Offer::of(request, upgrade);
        let Some(token) = offer.token() else { return self.enter(None) };
        let role = token.and_then(|token| tokens.role(token));
        if role.is_some() {
            self.enter(role)
        } else if self.wrong < self.max_wrong {
            self.wrong += 1;
            Verdict::Refuse(Standing::Wrong, offer.wrong())
        } else {
            Verdict::Refuse(Standing::Outside, offer.too_many())
        }
    }

    fn enter(&mut self, role: Option<u8>) -> Verdict {
        let full = |text| Verdict::Refuse(Standing::Outside, Answer::Http(Refusal::new(503, text)));
        if role.is_some() {
            if self.authenticated >= self.max_authenticated {
                return full("the server has no room for another connection");
            }
            self.authenticated += 1;
            Verdict::Enter(Standing::Authenticated, role)
        } else {
            if self.unauthenticated >= self.max_unauthenticated {
                return full("the server has no room for another connection without a token");
            }
            self.unauthenticated += 1;
            Verdict::Enter(Standing::Unauthenticated, None)
        }
    }

    /// The program has authenticated a client that entered without a token.
    pub(crate) fn authenticate(&mut self, standing: &mut Standing) {
        if *standing == Standing::Unauthenticated {
            *standing = Standing::Authenticated;
            self.unauthenticated -= 1;
            self.authenticated += 1;
        }
    }

    /// A client is on its way out.
    pub(crate) fn leave(&mut self, standing: &mut Standing) {
        match std::mem::take(standing) {
            Standing::Outside => {}
            Standing::Unauthenticated => self.unauthenticated -= 1,
            Standing::Authenticated => self.authenticated -= 1,
            Standing::Wrong => self.wrong -= 1,
        }
    }
}

/// What a client offers; `None` inside is a malformed offer.
enum Offer<'a> {
    Nothing,
    Header(Option<&'a str>),
    Subprotocol(Option<&'a str>),
}

impl<'a> Offer<'a> {
    fn of(request: &'a Request, upgrade: &'a Upgrade) -> Self {
        let mut headers =
            request.headers().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some((_, value)) = headers.next() {
            let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
            let is_one_bearer = scheme.eq_ignore_ascii_case("bearer") && headers.next().is_none();
            return Self::Header(is_one_bearer.then(|| token.trim_matches(' ')));
        }
        let mut tokens = upgrade.subprotocols().filter(|name| is_token(name));
        match (tokens.next(), tokens.next()) {
            (None, _) => Self::Nothing,
            (Some(name), None) => Self::Subprotocol(name.strip_prefix(SUBPROTOCOL)),
            (Some(_), Some(_)) => Self::Subprotocol(None),
        }
    }

    /// `None`: nothing was offered.
    #[expect(clippy::option_option, reason = "nothing, or something malformed, or a token")]
    fn token(&self) -> Option<Option<&'a str>> {
        match *self {
            Self::Nothing => None,
            Self::Header(token) | Self::Subprotocol(token) => Some(token),
        }
    }

    fn wrong(&self) -> Answer {
        if let Self::Subprotocol(_) = self {
            return Answer::Close(close_code::NOT_AUTHENTICATED, "bad token");
        }
        let refusal = Refusal::new(401, "the token is not one of this server's");
        Answer::Http(refusal.with_header("WWW-Authenticate", "Bearer"))
    }

    fn too_many(&self) -> Answer {
        if let Self::Subprotocol(_) = self {
            return Answer::Close(close_code::TOO_MANY_FAILURES, "too many wrong tokens");
        }
        let refusal = Refusal::new(429, "too many wrong tokens: show a right one, or wait");
        let seconds = WRONG_TOKEN_DELAY.as_secs().max(1);
        Answer::Http(refusal.with_header("Retry-After", seconds.to_string()))
    }
}

/// Upper and lower case are the same here: a token with another prefix than ours is wrong, but it
/// is a secret all the same.
fn is_token(subprotocol: &str) -> bool {
    let start = subprotocol.as_bytes().get(..SUBPROTOCOL.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(SUBPROTOCOL.as_bytes()))
}

fn without_tokens<'a>((name, value): (&'a str, &'a str)) -> Option<(&'a str, Cow<'a, str>)> {
    if name.eq_ignore_ascii_case("authorization") {
        return None;
    }
    if !name.eq_ignore_ascii_case("sec-websocket-protocol") {
        return Some((name, value.into()));
    }
    let others: Vec<_> = value.split(',').map(str::trim).filter(|name| !is_token(name)).collect();
    (!others.is_empty()).then(|| (name, others.join(", ").into()))
}
