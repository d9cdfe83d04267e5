"""What a client finds out about a game that does not answer: `stagedoor.client.core.checkup`."""

import json
from typing import Any

import pytest

from stagedoor.client.core.checkup import Checkup, known_health
from stagedoor.client.core.feed import Feed, Key
from stagedoor.client.core.session import Session
from stagedoor.client.errors import ConnectionLostError
from stagedoor.client.health import STALLED, UNKNOWN, Health

from .test_session import FakeLink, receive, tell

KEY = Key(STALLED, "latest", None)


class Link(FakeLink):
    """Counts pings and pongs."""

    def __init__(self) -> None:
        super().__init__()
        self.pings = 0
        self.pongs = 3
        self.held = b""

    def ping(self) -> None:
        self.pings += 1


@pytest.fixture
def link() -> Link:
    return Link()


@pytest.fixture
def session(link: Link) -> Session:
    session = Session()
    session.attach(link)  # type: ignore[arg-type]
    return session


def asked(session: Session, link: Link) -> tuple[Checkup, Any]:
    checkup = Checkup(session)
    assert link.pings == 1
    request = link.sent[-1]
    assert request["method"] == "game.status"
    return checkup, request["id"]


def test_an_answer_says_it(session: Session, link: Link) -> None:
    checkup, number = asked(session, link)
    receive(session, id=number, result={"paused": True})
    assert checkup.health() == Health("paused")


def test_an_error_says_nothing(session: Session, link: Link) -> None:
    checkup, number = asked(session, link)
    receive(session, id=number, error={"code": -32601, "message": "Method not found"})
    assert checkup.health() == UNKNOWN


def test_a_pong_without_an_answer_is_a_game_that_hangs(session: Session, link: Link) -> None:
    checkup, number = asked(session, link)
    link.pongs += 1
    assert checkup.health() == Health("stalled")
    receive(session, id=number, result={"paused": True})  # nobody waits for it any more
    assert checkup.health() == Health("stalled")


def test_what_the_game_has_told_of_its_stall_is_known(session: Session, link: Link) -> None:
    feed = Feed(KEY)
    session.subscribe(KEY, 0, feed)
    receive(session, id=json.loads(json.dumps(link.sent[-1]))["id"], result={"subscription": 7})
    where = {"file": "a.py", "line": 1, "function": "f"}
    for is_stalled, expected in [
        (True, Health("stalled", 1.5, "a.py:1, in f")),
        (False, Health("stalled")),
    ]:
        value = {"stalled": is_stalled, "stalled_for": 1.5, "where": where}
        tell(session, "topic.data", subscription=7, sequence=1, time=1.0, frame=1, value=value)
        link.pings = 0
        checkup, _ = asked(session, link)
        link.pongs += 1
        assert checkup.health() == expected


def test_what_a_ping_has_told_is_known(session: Session, link: Link) -> None:
    checkup, _ = asked(session, link)
    link.pongs += 1
    assert known_health(session) == UNKNOWN
    link.held = b"stalled 2.500 in a.py:1, in f"
    assert known_health(session) == checkup.health() == Health("stalled", 2.5, "a.py:1, in f")


def test_nothing_at_all_is_a_silent_process(session: Session, link: Link) -> None:
    checkup, _ = asked(session, link)
    assert checkup.health() == Health("silent")


def test_without_a_connection_nothing_is_known(session: Session, link: Link) -> None:
    checkup, _ = asked(session, link)
    session.lose(ConnectionLostError("u"))
    assert checkup.health() == UNKNOWN
    assert Checkup(session).health() == UNKNOWN
