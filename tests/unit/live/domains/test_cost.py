"""What a built-in method takes of one frame is bounded, however much it is asked for.

The work of a frame is counted here: how many items one frame makes, how many methods it describes.
"""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of, request

from stagedoor.live.domains import DOMAINS
from stagedoor.live.domains.frame import CHEAP
from stagedoor.live.domains.logs.record import LogRecord
from stagedoor.live.domains.parts import Parts
from stagedoor.live.domains.slices import SLICE
from stagedoor.live.domains.topic import MAX_HISTORY, MAX_HISTORY_SIZE
from stagedoor.live.rpc import discover
from stagedoor.live.rpc.discovery import Discovery
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.methods import Kind
from stagedoor.wire.roles import Role

BOUNDED = {
    "console.complete": "a bounded number of names is looked at",
    "console.evaluate": "the game stands still for it: that is what an admin asks for",
    "console.interrupt": "it waits on the understudy's thread only",
    "frames.summary": "the figures are made natively",
    "input.move": "one event",
    "input.release": "an event for each key that is held, and a keyboard has a hundred",
    "input.state": "what is held, and a keyboard has a hundred keys",
    "input.wheel": "an event for each of a hundred notches",
    "game.drop_trigger": "one trigger",
    "game.triggers": "there are 16 at most",
    "process.collect": "the game stands still for it: that is what an operator asks for",
    "process.metrics": "some figures of the system",
    "session.authenticate": "a token or a ticket",
    "session.ticket": "a ticket",
    "topic.subscribe": "the history has a bound",
}
"""Plain methods that a batch may not call, and why each takes little or may take much."""
MANY = 10 * SLICE


class _Base(msgspec.Struct):
    """What the types of a test have in common."""


class NoTime:
    """The budget of each frame is used up before it begins."""

    is_time_up = True

    def go_on(self, *_: object) -> None: ...


@pytest.fixture
def parts() -> Parts:
    hub = new_hub()
    hub.turns = NoTime()
    parts = parts_of(hub)
    parts.has_console = True
    for domain in DOMAINS:
        domain.add_to(parts)
    return parts


@pytest.fixture
def hub(parts: Parts) -> Hub:
    return parts.hub


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub, Role.ADMIN)


def ask(hub: Hub, connection: FakeConnection, method: str, **params: object) -> tuple[int, Any]:
    """How many frames a call takes, and its result."""
    connection.deliver(json.dumps(request(method, params, "asked")))
    frames = 1
    while not (found := [m for m in connection.messages() if m.get("id") == "asked"]):
        frame(hub)
        frames += 1
        assert frames < 10_000
    return frames, found[0]["result"]


def test_every_built_in_method_is_cheap_or_bounded_or_made_in_steps(hub: Hub) -> None:
    plain = {name for name in hub.methods.built_in if hub.methods.by_name[name].kind is Kind.PLAIN}
    assert plain == CHEAP | BOUNDED.keys()
    assert not CHEAP & BOUNDED.keys()


def test_a_batch_calls_the_cheap_ones_only(hub: Hub, connection: FakeConnection) -> None:
    names = sorted(hub.methods.built_in - CHEAP)
    calls = [{"method": name} for name in names]
    answer = connection.call("frame.batch", {"calls": calls})
    codes = {result["error"]["code"] for result in answer["result"]["results"]}
    assert codes == {-32600}, "frame.batch itself is among them: it does not nest"


def add_frames(parts: Parts) -> None:
    for _ in range(MANY + 1):
        parts.frames.core.begin(None, 0.016)


def add_audit(parts: Parts) -> None:
    connection = connect(parts.hub, Role.OPERATOR)
    for _ in range(MANY):
        connection.call("game.budget", {"seconds": 0.002})


def add_samples(parts: Parts) -> None:
    for name in ("rocks", "ships"):
        parts.hub.topics.add(name, lambda: 1, history=MANY, is_watched=True)
    for number in range(MANY):
        parts.hub.topics.step(number)


def add_topics(parts: Parts) -> None:
    for number in range(MANY):
        parts.hub.topics.add(f"topic{number}", lambda: 1, is_watched=True)


def add_sessions(parts: Parts) -> None:
    for _ in range(MANY):
        other = connect(parts.hub, Role.VIEWER)
        other.headers = {}  # type: ignore[attr-defined]
    for session in parts.hub.sessions:
        session.connection.headers = {}  # type: ignore[misc]


def add_logs(parts: Parts) -> None:
    parts.log.ring.clear()
    for number in range(MANY):
        record = LogRecord(0, time.time(), "INFO", 20, "game", f"line {number}", "logging")
        parts.log.ring.append(record)


def add_objects(parts: Parts) -> None:
    parts.roots.expose("few", list(range(MANY)))
    parts.roots.expose("many", {f"key {number}": number for number in range(500 * MANY)})
    thing = SimpleNamespace(**{f"a{number}": number for number in range(50 * MANY)})
    parts.roots.expose("thing", thing)
    hidden = SimpleNamespace(**{f"_a{number}": number for number in range(50 * MANY)})
    parts.roots.expose("hidden", hidden)


def add_nodes(parts: Parts) -> None:
    nodes = [object() for _ in range(MANY)]
    parts.scene.own.add("node", each=lambda: nodes, rect=lambda node: (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("add", "method", "params", "items"),
    [
        (add_objects, "objects.children", {"path": "few", "count": 1000}, MANY),
        (add_objects, "objects.get", {"path": "few", "depth": 1, "budget": 1000}, MANY),
        # A name takes half as long as an item, a key of a search a 256th, one of a jump less.
        (add_objects, "objects.children", {"path": "thing", "filter": "none"}, 10 * MANY),
        (add_objects, "objects.children", {"path": "hidden"}, 100 * SLICE),
        (add_objects, "objects.get", {"path": "hidden", "depth": 2}, 100 * SLICE),
        (add_objects, "objects.get", {"path": 'many["key 319999"]'}, 19 * SLICE),
        (add_objects, "objects.get", {"path": "thing.a31999"}, 2 * SLICE),
        (add_objects, "objects.children", {"path": "many", "start": 319_000}, 2 * SLICE),
        (add_frames, "frames.history", {"count": 10_000}, MANY),
        (add_frames, "frames.spikes", {"count": 10_000, "threshold": 0.0}, MANY),
        (add_audit, "sessions.audit", {"count": 1000}, MANY),
        (add_topics, "topic.list", {}, MANY),
        (add_topics, "telemetry.list", {}, MANY),
        (add_sessions, "sessions.list", {}, MANY),
        (add_logs, "logs.history", {"count": 10_000}, 2 * MANY),  # found, then encoded
        (add_logs, "logs.history", {"count": 10_000, "text": "none of them"}, MANY),
        (add_logs, "logs.history", {"since": 0, "text": "none of them"}, MANY),
        (add_nodes, "scene.tree", {"limit": 10_000}, 2 * MANY),  # found, then encoded
        (add_nodes, "scene.find", {"selector": "none"}, MANY),
        (add_nodes, "scene.wait", {"selector": "none", "gone": True}, MANY),
    ],
)
def test_a_frame_makes_so_many_items_of_a_long_answer_and_no_more(
    parts: Parts,
    hub: Hub,
    connection: FakeConnection,
    add: Any,
    method: str,
    params: dict[str, object],
    items: int,
) -> None:
    add(parts)
    frames, _ = ask(hub, connection, method, **params)
    assert frames >= items // SLICE


def test_a_series_is_made_a_thousand_samples_at_a_time(
    parts: Parts, hub: Hub, connection: FakeConnection
) -> None:
    add_samples(parts)
    frames, series = ask(hub, connection, "telemetry.history", names=["rocks", "ships"])
    assert frames > 2
    assert [len(one["value"]) for one in series] == [600, 600]
    assert series[0]["frame"] == list(range(MANY - 600, MANY))
    since = series[0]["time"][-3]
    (found,) = ask(hub, connection, "telemetry.history", names=["rocks"], since=since)[1]
    assert found["frame"][:2] == [MANY - 2, MANY - 1], "and those of the frames since"


def test_what_is_made_in_slices_is_as_if_made_at_once(
    parts: Parts, hub: Hub, connection: FakeConnection
) -> None:
    add_frames(parts)
    _, found = ask(hub, connection, "frames.history", count=10_000)
    assert [one["number"] for one in found] == list(range(1, MANY + 1))
    _, found = ask(hub, connection, "frames.history", count=100, since=MANY - 3)
    assert [one["number"] for one in found] == [MANY - 2, MANY - 1, MANY]
    add_logs(parts)
    _, page = ask(hub, connection, "logs.history", count=200)
    assert [one["sequence"] for one in page["records"]] == list(range(MANY - 199, MANY + 1))


class TestDiscover:
    @pytest.fixture
    def described(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The names of the methods that were described."""
        names: list[str] = []
        of_method = discover.of_method

        def count(method: Any) -> Any:
            names.append(method.name)
            return of_method(method)

        monkeypatch.setattr(discover, "of_method", count)
        return names

    def test_describes_each_method_once_and_one_in_a_frame(
        self, hub: Hub, connection: FakeConnection, described: list[str]
    ) -> None:
        frames, document = ask(hub, connection, "rpc.discover")
        assert sorted(described) == sorted(hub.methods.built_in)
        assert frames > len(described)
        assert document == discover.describe(hub, document["info"]["version"])
        described.clear()
        assert ask(hub, connection, "rpc.discover") == (1, document)
        assert described == []

    def test_describes_only_what_is_new(
        self, hub: Hub, connection: FakeConnection, described: list[str]
    ) -> None:
        ask(hub, connection, "rpc.discover")
        described.clear()
        hub.methods.add(lambda: 1, "spawn")
        _, document = ask(hub, connection, "rpc.discover")
        assert described == ["spawn"]
        hub.methods.remove("spawn")
        assert "spawn" in [method["name"] for method in document["methods"]]
        _, document = ask(hub, connection, "rpc.discover")
        assert "spawn" not in [method["name"] for method in document["methods"]]

    def test_tells_types_of_the_same_name_apart(self, hub: Hub) -> None:
        def first() -> Any: ...
        def second() -> Any: ...

        one = type("Rock", (_Base,), {"__annotations__": {"a": int}})
        other = type("Rock", (_Base,), {"__annotations__": {"b": str}, "__module__": "other"})
        first.__annotations__["return"] = one
        second.__annotations__["return"] = other
        hub.methods.add(first)
        hub.methods.add(second)
        document = json.loads(hub.encoder.encode(Discovery(hub, "1").document()))
        assert document == discover.describe(hub, "1")


def test_a_subscriptions_history_has_a_bound(hub: Hub, connection: FakeConnection) -> None:
    hub.topics.add("small", history=2 * MAX_HISTORY)
    hub.topics.add("large", history=100)
    for number in range(MAX_HISTORY + 10):
        hub.topics.emit("small", number)
    for _ in range(20):
        hub.topics.emit("large", "x" * (MAX_HISTORY_SIZE // 10))
    found = connection.call("topic.subscribe", {"topic": "small", "history": 100_000})
    history = found["result"]["history"]
    assert [sample["value"] for sample in history[:: MAX_HISTORY - 1]] == [10, MAX_HISTORY + 9]
    found = connection.call("topic.subscribe", {"topic": "large", "history": 100_000})
    assert len(found["result"]["history"]) == 9
