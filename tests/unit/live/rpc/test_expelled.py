"""What ends at once: whatever somebody who is sent away has begun or sent, and what somebody has
begun under a higher role than now."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    connect,
    frame,
    new_hub,
    parts_of,
    request,
    session_of,
)

from stagedoor.live.domains import frame as frame_domain
from stagedoor.live.domains import session, topic
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.wire.roles import Role

PATIENCE = 60.0


class Game:
    """A hub with methods of all kinds, each of which notes what it does."""

    def __init__(self) -> None:
        self.hub = hub = new_hub()
        parts = parts_of(hub)
        for domain in (frame_domain, session, topic):
            domain.add_to(parts)
        self.done: list[str] = []
        self.release = threading.Event()
        hub.frame = 1

        def generator() -> Iterator[object]:
            for _ in range(5):
                yield NEXT_FRAME
                self.done.append("generator")

        async def coroutine() -> None:
            for _ in range(5):
                await asyncio.sleep(0)
                self.done.append("coroutine")

        hub.methods.add(generator)
        hub.methods.add(coroutine)
        hub.methods.add(lambda: self.release.wait(PATIENCE), "thread", thread=True)
        hub.methods.add(lambda: self.done.append("plain"), "plain")

    def call(self, connection: FakeConnection, kind: str) -> None:
        """Begin a call of this kind, which waits."""
        if kind == "frame.batch":
            params = {"at": self.hub.frame + 2, "calls": [{"method": "plain"}]}
            connection.deliver(json.dumps(request("frame.batch", params)))
        else:
            connection.deliver(json.dumps(request(kind)))

    def go_on(self) -> None:
        """Let all that is under way come to its end."""
        self.release.set()
        deadline = time.monotonic() + PATIENCE
        while any(thread.name == "stagedoor-thread" for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.001)
        frame(self.hub, 8)


KINDS = ["generator", "coroutine", "thread", "frame.batch"]


@pytest.fixture
def game() -> Iterator[Game]:
    game = Game()
    yield game
    game.release.set()
    game.hub.runner.close()


def expelled(game: Game, connection: FakeConnection) -> None:
    session_of(game.hub, connection).expel(4403, "the show is over")


def gone(game: Game, connection: FakeConnection) -> None:
    connection.on_close(None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", [expelled, gone])
def test_nothing_goes_on_for_who_is_sent_away_or_gone(
    game: Game, kind: str, end: Callable[[Game, FakeConnection], None]
) -> None:
    connection = connect(game.hub, Role.OPERATOR)
    game.call(connection, kind)
    end(game, connection)
    game.go_on()
    assert game.done == []
    assert connection.messages() == []
    assert not game.hub.runner.calls


@pytest.mark.parametrize(
    "message",
    [
        json.dumps(request("plain")),
        json.dumps([request("plain"), request("plain", ident=2)]),
        json.dumps(request("session.authenticate", {"token": "TOKEN"})),
        "{",
        b"binary",
    ],
)
def test_what_who_is_sent_away_has_sent_already_does_nothing(
    game: Game, message: str | bytes
) -> None:
    connection = connect(game.hub, Role.ADMIN)
    deliver = connection.deliver  # as for what the game has taken before
    expelled(game, connection)
    if isinstance(message, str):
        message = message.replace("TOKEN", game.hub.keys.tokens.admin)
    connection.deliver(message)
    found = session_of(game.hub, connection)
    found.stand_in(game.hub.decode(message), None)  # type: ignore[arg-type]
    if not isinstance(message, bytes):
        deliver(message)
    assert game.done == []
    assert connection.messages() == []
    assert found.role is None


def test_the_rest_of_a_batch_does_nothing_if_its_first_member_sends_its_caller_away(
    game: Game,
) -> None:
    connection = connect(game.hub, Role.ADMIN)
    game.hub.methods.add(lambda: expelled(game, connection), "leave")
    connection.deliver(json.dumps([request("leave"), *[request("plain")] * 3]))
    calls = [{"method": "leave"}, *[{"method": "plain"}] * 3]
    other = connect(game.hub, Role.ADMIN)
    game.hub.methods.add(lambda: expelled(game, other), "leave")
    other.deliver(json.dumps(request("frame.batch", {"calls": calls})))
    game.go_on()
    assert game.done == []


def test_who_is_sent_away_gets_no_more_of_a_topic(game: Game) -> None:
    game.hub.topics.add("rocks", lambda: 1)
    connection = connect(game.hub, Role.VIEWER)
    connection.call("topic.subscribe", {"topic": "rocks"})
    assert game.hub.topics.live
    expelled(game, connection)
    assert not game.hub.topics.live


def lower(game: Game, connection: FakeConnection, role: Role = Role.VIEWER) -> Any:
    token = game.hub.keys.tokens.of(role.label)
    connection.deliver(json.dumps(request("session.authenticate", {"token": token}, "lower")))


@pytest.mark.parametrize("kind", KINDS)
def test_what_began_under_a_higher_role_ends_as_forbidden(game: Game, kind: str) -> None:
    connection = connect(game.hub, Role.OPERATOR)
    game.call(connection, kind)
    connection.messages()
    lower(game, connection)
    answers = {message["id"]: message for message in connection.messages()}
    assert answers["lower"]["result"] == {"role": "viewer"}
    assert answers[1]["error"]["code"] == -32003
    game.go_on()
    assert game.done == []
    assert connection.messages() == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_began_under_the_same_role_or_a_lower_one_goes_on(game: Game, kind: str) -> None:
    connection = connect(game.hub, Role.OPERATOR)
    game.call(connection, kind)
    lower(game, connection, Role.ADMIN)
    lower(game, connection, Role.OPERATOR)
    game.go_on()
    answers = {message["id"]: message for message in connection.messages() if "id" in message}
    assert "result" in answers[1]


def test_a_batch_that_lowers_its_own_caller_is_forbidden_the_rest(
    game: Game, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(game.hub, Role.OPERATOR)
    viewer = game.hub.keys.tokens.viewer
    batch = [request("session.authenticate", {"token": viewer}), request("plain", ident=2)]
    _, refused = connection.receive(json.dumps(batch))
    assert refused["error"]["code"] == -32003
    assert game.done == []
    assert "raised when it was stopped" not in caplog.text
