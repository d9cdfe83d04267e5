"""Who may call what: every method of a real stage, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start, tick_until
from websockets.exceptions import ConnectionClosed

from stagedoor.live.stage import Stage
from stagedoor.wire.roles import ROLE_NAMES, Role

FORBIDDEN, NOT_AUTHENTICATED = -32003, -32004

VIEWERS = {
    "frame.batch",
    "frames.export",
    "frames.history",
    "frames.spikes",
    "frames.summary",
    "game.status",
    "input.state",
    "game.triggers",
    "logs.history",
    "logs.loggers",
    "objects.children",
    "objects.get",
    "objects.roots",
    "objects.save",
    "objects.search",
    "process.gc",
    "process.info",
    "process.metrics",
    "process.modules",
    "process.stacks",
    "rpc.cancel",
    "rpc.discover",
    "scene.find",
    "scene.tree",
    "scene.wait",
    "screen.capture",
    "screen.window",
    "session.authenticate",
    "session.info",
    "session.ticket",
    "sessions.list",
    "telemetry.history",
    "telemetry.list",
    "topic.list",
    "topic.subscribe",
    "topic.unsubscribe",
    "tweaks.list",
    "tweaks.presets",
}
"""The built-in methods that change nothing of the game. One that is added to this list must not."""

OPERATORS = {
    "frames.profile",
    "game.budget",
    "game.drop_trigger",
    "game.pause",
    "game.pause_when",
    "game.resume",
    "game.step",
    "game.timescale",
    "input.click",
    "input.drag",
    "input.gamepad",
    "input.key",
    "input.move",
    "input.release",
    "input.text",
    "input.wheel",
    "logs.set_level",
    "objects.call",
    "objects.load",
    "objects.set",
    "process.collect",
    "tweaks.load_preset",
    "tweaks.remove_preset",
    "tweaks.reset",
    "tweaks.save_preset",
    "tweaks.set",
    "scene.click",
}
"""Those that change something."""

ADMINS = {
    "console.complete",
    "console.evaluate",
    "console.interrupt",
    "process.quit",
    "sessions.audit",
    "sessions.kick",
    "tweaks.save",
}
"""Those that tell of others' calls, run code or end something."""

TOPICS = {
    "frames": "viewer",
    "game.degraded": "viewer",
    "game.pace": "viewer",
    "game.stalled": "viewer",
    "game.triggered": "viewer",
    "logs": "viewer",
    "objects": "viewer",
    "process.metrics": "viewer",
    "rpc.methods.changed": "viewer",
    "screen": "viewer",
    "sessions.audit": "admin",
    "sessions.changed": "viewer",
    "tweaks.changed": "viewer",
}
"""The built-in topics, and who may subscribe."""


class Game:
    """A stage with methods of every kind and role, which keep count of their calls."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.called: list[str] = []
        for role in ROLE_NAMES:
            self._add(role)

    def _add(self, role: Any) -> None:
        called = self.called

        def plain() -> None:
            called.append("plain")

        async def coroutine() -> None:
            called.append("coroutine")

        def generator() -> Iterator[None]:
            called.append("generator")
            yield

        for function in (plain, coroutine, generator):
            self.stage.rpc(name=f"{role}.{function.__name__}", role=role)(function)
        self.stage.rpc(name=f"{role}.thread", role=role, thread=True)(plain)

    def above(self, role: Role | None) -> list[str]:
        """What needs more than this role, as `rpc.discover` has it."""
        return [
            method["name"]
            for method in self.stage.describe()["methods"]
            if (
                method["name"] != "session.authenticate"
                if role is None
                else Role.named(method["x-role"]) > role
            )
        ]

    def topics_above(self, role: Role | None) -> list[str]:
        """The topics that need more than this role."""
        return [
            topic["name"]
            for topic in self.stage.describe()["x-topics"]
            if role is None or Role.named(topic["role"]) > role
        ]


@pytest.fixture
def game(start: Start) -> Game:
    return Game(start(console=True))


def call(caller: Caller, message: Any) -> Any:
    caller.client.send(json.dumps(message))
    return caller.receive()


def request(method: str, ident: object = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "id": ident}


def in_parts(names: list[str]) -> list[list[str]]:
    """In batches that are small enough for a stranger."""
    return [names[at : at + 20] for at in range(0, len(names), 20)]


def check(game: Game, caller: Caller, role: Role | None, code: int) -> None:
    """None of what is above the role can be called, in any way."""
    names = game.above(role)
    assert len(names) >= 4
    for name in names:
        answer = call(caller, request(name))
        assert answer["error"]["code"] == code, name
        assert "result" not in answer
    for some in in_parts(names):
        answers = call(caller, [request(name, at) for at, name in enumerate(some)])
        assert [answer["error"]["code"] for answer in answers] == [code] * len(some)
    for name in names:
        caller.client.send(json.dumps({"jsonrpc": "2.0", "method": name}))
    for some in in_parts(names):
        caller.client.send(json.dumps([{"jsonrpc": "2.0", "method": name} for name in some]))
    batch = request("frame.batch") | {"params": {"calls": [{"method": name} for name in names]}}
    answer = call(caller, batch)
    if role is None:
        assert answer["error"]["code"] == code
    else:
        results = answer["result"]["results"]
        assert [result["error"]["code"] for result in results] == [code] * len(names)
    for _ in range(5):
        game.stage.tick(0.0)
    assert game.called == []
    refused = [entry for entry in game.stage._hub.audit.newest(1000) if entry.error == code]
    times = {name: sum(entry.method == name for entry in refused) for name in names}
    assert all(count >= 4 for count in times.values()), "each of the ways is written down"
    for name in game.topics_above(role):
        answer = caller.call("topic.subscribe", name)
        assert answer["error"]["code"] == code, name


@pytest.mark.parametrize("label", ["viewer", "operator"])
def test_nothing_above_a_callers_role_can_be_called(game: Game, label: Any) -> None:
    with Caller(game.stage, role=label) as caller:
        check(game, caller, Role.named(label), FORBIDDEN)


@pytest.mark.parametrize("label", ROLE_NAMES)
def test_what_a_role_may_call_it_can(game: Game, label: Any) -> None:
    with Caller(game.stage, role=label) as caller:
        for name in ("viewer.plain", f"{label}.plain"):
            assert "result" in caller.call(name)
    assert game.called == ["plain"] * 2


def test_the_built_in_methods_and_topics_have_these_roles(start: Start) -> None:
    document = start(console=True).describe()
    roles = {method["name"]: method["x-role"] for method in document["methods"]}
    expected = {"viewer": VIEWERS, "operator": OPERATORS, "admin": ADMINS}
    for role, names in expected.items():
        assert {name for name in roles if roles[name] == role} == names, role
    assert {topic["name"]: topic["role"] for topic in document["x-topics"]} == TOPICS


def test_there_is_no_console_unless_the_game_asks_for_one(start: Start) -> None:
    stage = start()
    assert not [name for name in stage._hub.methods.built_in if name.startswith("console.")]
    with Caller(stage, role="admin") as caller:
        assert caller.call("console.evaluate", "1")["error"]["code"] == -32601


def test_a_method_needs_an_operator_unless_it_is_told_otherwise(start: Start) -> None:
    stage = start()
    stage.rpc(name="mine")(lambda: 1)
    with Caller(stage, role="viewer") as caller:
        error = caller.call("mine")["error"]
        assert (error["code"], error["data"]) == (FORBIDDEN, {"needs": "operator"})


def test_who_has_shown_no_token_can_only_authenticate(game: Game) -> None:
    with Caller(game.stage, role=None) as caller:
        check(game, caller, None, NOT_AUTHENTICATED)
        assert call(caller, request("no.such.method"))["error"]["code"] == NOT_AUTHENTICATED
        token = game.stage._hub.keys.tokens.viewer
        assert caller.call("session.authenticate", token=token)["result"] == {"role": "viewer"}
        assert "result" in caller.call("viewer.plain")
        game.called.clear()
        check(game, caller, Role.VIEWER, FORBIDDEN)


def test_a_wrong_token_gives_nothing_and_takes_nothing(game: Game) -> None:
    with Caller(game.stage, role="operator") as caller:
        answer = caller.call("session.authenticate", token="wrong")
        assert answer["error"]["code"] == NOT_AUTHENTICATED
        assert caller.call("session.info")["result"]["role"] == "operator"


def test_a_viewer_does_not_see_tracebacks_and_an_admin_does(game: Game) -> None:
    game.stage.rpc(name="broken", role="viewer")(lambda: 1 / 0)
    with Caller(game.stage, role="viewer") as caller:
        assert set(caller.call("broken")["error"]["data"]) == {"type", "message"}
    with Caller(game.stage, role="admin") as caller:
        assert "Traceback" in caller.call("broken")["error"]["data"]["traceback"]


def test_a_viewer_cannot_subscribe_to_what_is_not_for_viewers(game: Game) -> None:
    game.stage._hub.topics.add("secret", lambda: 1, role=Role.ADMIN)
    assert "secret" in game.topics_above(Role.VIEWER)
    with Caller(game.stage, role="viewer") as caller:
        assert caller.call("topic.subscribe", "secret")["error"]["code"] == FORBIDDEN
    with Caller(game.stage, role="admin") as caller:
        assert "result" in caller.call("topic.subscribe", "secret")


def test_new_tokens_close_who_came_in_by_the_old(game: Game) -> None:
    with Caller(game.stage, role="admin") as caller:
        caller.call("process.info")
        game.stage.rotate_tokens()
        with suppress(ConnectionClosed):  # it may be so by now
            caller.send("admin.plain")
        tick_until(game.stage, lambda: caller.client.close_code is not None)
        assert caller.client.close_code == 4401
    assert game.called == []
    with Caller(game.stage, role="admin") as caller:
        assert "result" in caller.call("admin.plain")


def test_who_came_in_by_an_old_token_unseen_has_no_role_after_rotation(game: Game) -> None:
    with Caller(game.stage, role="admin") as caller:
        core = game.stage._transport.native
        assert core is not None
        assert core.wait(10.0), "the connection is open, and no tick has seen it"
        game.stage.rotate_tokens()
        with suppress(ConnectionClosed):  # it may be so by now
            caller.send("admin.plain")
        tick_until(game.stage, lambda: game.called or caller.client.close_code is not None)
        assert game.called == []
