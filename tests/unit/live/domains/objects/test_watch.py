"""The topic `objects`: a snapshot, then what changes, for all who watch the same."""

from __future__ import annotations

import enum
import gc
import math
import time
import weakref
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import numpy
import pytest
from pygame import Vector2
from tests.unit.live.domains.objects.stages import PATIENCE, Rock, Stage
from tests.unit.live.rpc.fakes import FakeConnection, end_frame, session_of

from stagedoor.live.domains.objects import box, watch
from stagedoor.live.domains.objects import sight as sights
from stagedoor.live.domains.objects.known import MAX_GONE, MAX_NODES, Known
from stagedoor.wire.roles import Role


class Watcher:
    """One who subscribes, and applies what comes as a client does."""

    def __init__(
        self, stage: Stage, *paths: str, connection: FakeConnection | None = None, **options: Any
    ) -> None:
        self.stage = stage
        hz = options.pop("hz", 60)
        filter = {"paths": list(paths), **options}
        connection = connection or stage.connection
        told = stage.call("topic.subscribe", connection, topic="objects", hz=hz, filter=filter)
        self.number: int = told["subscription"]
        self.hz = told["hz"]
        self.nodes: dict[str, Any] = {}
        self.snapshots = 0
        self._read = 0
        self.seen: list[Any] = []
        for sample in told["history"]:
            self._apply(sample["value"])
        # What was published before is not ours.
        self._read = len(self._published) if told["history"] else 0

    @property
    def _published(self) -> list[Any]:
        sink: Any = self.stage.hub.topics.sink
        values: list[Any] = sink.values(self.number)
        return values

    def look(self) -> dict[str, Any]:
        """What is known now, by path: the value, or the kind of what has none."""
        published = self._published
        for news in published[self._read :]:
            self._apply(news)
        self._read = len(published)
        return {path: node.get("value", node.get("kind")) for path, node in self.nodes.items()}

    def _apply(self, news: Any) -> None:
        self.seen.append(news)
        if news["snapshot"]:
            self.snapshots += 1
            self.nodes.clear()
        for path in news["gone"]:
            self.nodes.pop(path, None)
        for node in news["nodes"]:
            self.nodes[node["path"]] = node
        for path, value in news["values"].items():
            self.nodes[path]["value"] = value

    def wait_for(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Let frames pass until it is known."""
        deadline = time.monotonic() + PATIENCE
        while not condition(known := self.look()):
            assert time.monotonic() < deadline, known
            self.stage.frames()
        return known


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_snapshot_comes_first_then_only_what_changed(stage: Stage) -> None:
    watcher = Watcher(stage, "world", depth=3)
    known = watcher.wait_for(lambda known: "world.score" in known)
    assert known["world.score"] == 0
    assert known["world.rocks[1].x"] == 2.0
    assert known['world.config["easy"]'] is True
    assert known["world.config[3]"] == 1.5
    assert watcher.snapshots == 1
    stage.world.score = 7
    stage.world.rocks[0].x = 1.5
    known = watcher.wait_for(lambda known: known["world.score"] == 7)
    assert known["world.rocks[0].x"] == 1.5
    news = watcher.seen[-1]
    assert (news["snapshot"], news["nodes"], news["gone"]) == (False, [], [])
    assert news["values"] == {"world.score": 7, "world.rocks[0].x": 1.5}


def test_nothing_is_sent_while_nothing_changes(stage: Stage) -> None:
    watcher = Watcher(stage, "world", depth=3)
    watcher.wait_for(lambda known: known)
    sight = the_sight(stage)
    scans, sent = sight.scans, len(watcher.seen)
    deadline = time.monotonic() + PATIENCE
    while sight.scans < scans + 5:
        assert time.monotonic() < deadline
        stage.frames()
    watcher.look()
    assert len(watcher.seen) == sent


def the_sight(stage: Stage) -> Any:
    topic = stage.hub.topics.get("objects")
    assert topic is not None
    [found] = {group.view for group in topic.groups.values()}
    return found


def rename(config: dict[Any, Any]) -> None:
    """The dict is as large as before, and has a value of the same type in the same place."""
    del config[3]
    config[4] = 2.5


CHANGES: list[tuple[str, Callable[[Any], object], dict[str, Any]]] = [
    ("a number of another type", lambda w: setattr(w, "score", 1.5), {"world.score": 1.5}),
    ("a text for a number", lambda w: setattr(w, "score", "many"), {"world.score": "many"}),
    ("None for a number", lambda w: setattr(w, "score", None), {"world.score": None}),
    ("true for 1", lambda w: setattr(w, "score", True), {"world.score": True}),
    ("NaN", lambda w: setattr(w, "score", math.nan), {"world.score": "number"}),
    ("a huge number", lambda w: setattr(w, "score", 10**30), {"world.score": "number"}),
    ("a long text", lambda w: setattr(w, "name", "x" * 5000), {"world.name": "text"}),
    ("an object for a number", lambda w: setattr(w, "score", Rock(5.0)), {"world.score.x": 5.0}),
    ("a new attribute", lambda w: setattr(w, "extra", 1), {"world.extra": 1}),
    ("a vector", lambda w: setattr(w, "score", Vector2(1, 2)), {"world.score": [1.0, 2.0]}),
    ("one rock more", lambda w: w.rocks.append(Rock(9.0)), {"world.rocks[2].x": 9.0}),
    ("another rock", lambda w: w.rocks.__setitem__(0, Rock(9.0)), {"world.rocks[0].x": 9.0}),
    ("a list for a list", lambda w: setattr(w, "rocks", [Rock(4.0)]), {"world.rocks[0].x": 4.0}),
    ("a dict's value", lambda w: w.config.update({3: 2}), {"world.config[3]": 2}),
    ("a dict's key", lambda w: w.config.update({(1, 2): "k"}), {"world.config[(1, 2)]": "k"}),
    ("a key for another", lambda w: rename(w.config), {"world.config[4]": 2.5}),
    ("a vector for a list", lambda w: setattr(w, "rocks", Vector2(1)), {"world.rocks": [1.0, 1.0]}),
    ("a dict for a list", lambda w: setattr(w, "rocks", {0: Rock(6)}), {"world.rocks[0].x": 6}),
    ("a nested key", lambda w: w.config.update({((1, 2), 3): 4}), {"world.config[((1, 2), 3)]": 4}),
    ("a dict for a dict", lambda w: setattr(w, "config", {"a": 1}), {'world.config["a"]': 1}),
]


@pytest.mark.parametrize(
    ("what", "change", "expected"), CHANGES, ids=[what for what, *_ in CHANGES]
)
def test_a_change_is_told_by_the_next_scan(
    stage: Stage,
    what: str,
    change: Callable[[Any], object],
    expected: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(box, "REFRESHED", 1e9)  # nothing is looked at anew without a reason
    watcher = Watcher(stage, "world", depth=3)
    watcher.wait_for(lambda known: "world.rocks[1].x" in known)
    change(stage.world)
    watcher.wait_for(
        lambda known: all(is_alike(known.get(path), value) for path, value in expected.items())
    )
    assert watcher.snapshots == 1
    watcher.look()
    for path, known in watcher.nodes.items():
        if known["kind"] != "lazy":
            node = stage.call("objects.get", path=path)
            assert (known["type"], known["kind"]) == (node["type"], node["kind"]), path


def is_alike(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def test_what_goes_is_told_with_what_is_below_it(stage: Stage) -> None:
    watcher = Watcher(stage, "world", depth=3)
    watcher.wait_for(lambda known: "world.rocks[1].x" in known)
    stage.world.rocks.pop()
    del stage.world.name
    known = watcher.wait_for(lambda known: "world.rocks[1]" not in known)
    assert not {"world.rocks[1].x", "world.rocks[1].kind"} & known.keys()
    assert set(watcher.seen[-1]["gone"]) >= {
        "world.rocks[1].x",
        "world.rocks[1]",
        "world.rocks[1].kind",
    }
    stage.world.score = 3
    watcher.wait_for(lambda known: known["world.score"] == 3)
    assert "gone" in watcher.seen[-1]
    assert watcher.seen[-1]["gone"] == []


def test_values_that_are_changed_in_place_are_told(stage: Stage) -> None:
    world: Any = stage.world
    world.pos, world.trail, world.tags = Vector2(1, 2), deque([1, 2]), {"a"}

    class Slotted:
        __slots__ = ("hp", "unset")

        def __init__(self) -> None:
            self.hp = 5

    class Pair(NamedTuple):
        a: int

    world.slotted, world.pair = Slotted(), Pair(1)
    watcher = Watcher(stage, "world", depth=2)
    watcher.wait_for(lambda known: known.get("world.pos") == [1.0, 2.0])
    world.pos.x = 5
    world.trail.append(3)
    world.tags.add("b")
    world.slotted.hp = 6
    world.slotted.unset = 7
    world.pair = Pair(2)
    known = watcher.wait_for(
        lambda known: known["world.pos"] == [5.0, 2.0] and "world.trail[2]" in known
        and 'world.tags{"b"}' in known and known.get("world.slotted.unset") == 7
    )  # fmt: skip
    assert known["world.slotted.hp"] == 6
    watcher.wait_for(lambda known: known.get("world.pair.a") == 2)


class Mood(enum.Enum):
    CALM = 1
    WILD = 2


def test_values_of_other_kinds_are_told_by_the_next_scan(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "REFRESHED", 1e9)
    world: Any = stage.world
    world.mood, world.gain, world.trail = Mood.CALM, numpy.float64(1.5), deque([1.0, 2.0])
    world.sprites = {Rock(1.0): "one"}  # a key that no text can name
    watcher = Watcher(stage, "world", depth=2)
    known = watcher.wait_for(lambda known: known)
    assert (known["world.mood"], known["world.gain"]) == ("CALM", 1.5)
    [sprite] = [path for path in known if path.startswith("world.sprites[@")]
    world.mood, world.gain, world.trail[1] = Mood.WILD, numpy.float64(2.5), 3.0
    world.sprites[next(iter(world.sprites))] = "two"
    expected = {"world.mood": "WILD", "world.gain": 2.5, "world.trail[1]": 3.0, sprite: "two"}
    watcher.wait_for(lambda known: expected.items() <= known.items())
    assert watcher.seen[-1]["nodes"] == []


def test_what_no_value_tells_is_looked_at_anew_after_a_while(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "REFRESHED", 0.0)
    watcher = Watcher(stage, "world", depth=1)
    watcher.wait_for(lambda known: known)
    stage.world.rocks[0].x = 4.0
    stage.world.rocks.append(Rock())
    watcher.wait_for(lambda _: watcher.nodes["world.rocks"]["indexed"] == 3)


def test_two_who_watch_the_same_share_the_work_and_the_second_has_a_snapshot_at_once(
    stage: Stage,
) -> None:
    one = Watcher(stage, "world", depth=1)
    one.wait_for(lambda known: known)
    other = Watcher(stage, "world", depth=1, connection=stage.client(Role.ADMIN))
    assert other.number == one.number
    assert (other.snapshots, other.look()) == (1, one.look())
    slow = Watcher(stage, "world", depth=1, hz=10)
    assert slow.number != one.number
    the_sight(stage)  # there is but one
    stage.world.score = 9
    for watcher in (one, other, slow):
        watcher.wait_for(lambda known: known.get("world.score") == 9)


def test_who_has_lost_something_gets_all_of_it(stage: Stage) -> None:
    watcher = Watcher(stage, "world", depth=1)
    watcher.wait_for(lambda known: known)
    session = session_of(stage.hub, stage.connection)
    session._dropped(watcher.number, 1)
    stage.world.score = 4
    watcher.wait_for(lambda known: watcher.snapshots == 2)
    assert watcher.look()["world.score"] == 4


def test_who_loses_much_gets_a_snapshot_a_second(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "BETWEEN", 1e9)
    watcher = Watcher(stage, "world", depth=1)
    watcher.wait_for(lambda known: known)
    session = session_of(stage.hub, stage.connection)
    session._dropped(watcher.number, 1)
    stage.world.score = 4
    sight = the_sight(stage)
    scans = sight.scans
    deadline = time.monotonic() + PATIENCE
    while sight.scans < scans + 5:
        assert time.monotonic() < deadline
        stage.frames()
    watcher.look()
    assert watcher.snapshots == 1
    monkeypatch.setattr(watch, "BETWEEN", 0.0)
    watcher.wait_for(lambda known: known["world.score"] == 4)
    assert watcher.snapshots == 2


def test_a_snapshot_too_large_for_an_answer_comes_as_a_value(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Watcher(stage, "world", depth=1)
    one.wait_for(lambda known: known)
    monkeypatch.setattr(watch, "MAX_HISTORY_SIZE", 100)
    monkeypatch.setattr(watch, "BETWEEN", 0.0)
    other = Watcher(stage, "world", depth=1, connection=stage.client(Role.ADMIN))
    assert other.seen == []
    other.wait_for(lambda known: known == one.look())


def test_it_goes_on_while_the_game_is_paused(stage: Stage) -> None:
    watcher = Watcher(stage, "world", depth=1)
    watcher.wait_for(lambda known: known)
    stage.world.score = 5
    deadline = time.monotonic() + PATIENCE
    while watcher.look()["world.score"] != 5:
        assert time.monotonic() < deadline
        end_frame(stage.hub)  # a beat: no frame passes


def test_nobody_watches_more_often_than_60_times_a_second(stage: Stage) -> None:
    assert Watcher(stage, "world", hz=1000).hz == 60
    assert Watcher(stage, "world", hz=None).hz == 60
    assert Watcher(stage, "world", hz=10).hz == 10


def test_a_path_that_leads_nowhere_is_told_until_it_does(stage: Stage) -> None:
    watcher = Watcher(stage, "world.rocks[5].x", "nothing.x", depth=1)
    known = watcher.wait_for(lambda known: len(known) == 2)
    assert known == {"world.rocks[5].x": "gone", "nothing.x": "gone"}
    assert "world.rocks is there" in watcher.nodes["world.rocks[5].x"]["error"]
    stage.world.rocks += [Rock(float(at)) for at in range(2, 6)]
    watcher.wait_for(lambda known: known["world.rocks[5].x"] == 5.0)
    stage.world.rocks.clear()
    watcher.wait_for(lambda known: known["world.rocks[5].x"] == "gone")


def test_no_code_of_the_game_runs_and_nothing_hidden_is_told(stage: Stage) -> None:
    class Liar:
        def __init__(self) -> None:
            self.x = 1

        def __getattr__(self, name: str) -> Any:
            raise AssertionError("code of the game has run")

        def __eq__(self, other: object) -> bool:
            raise AssertionError("code of the game has run")

        __hash__ = None  # type: ignore[assignment]
        __class__ = int  # type: ignore[assignment]

        def __len__(self) -> int:
            raise AssertionError("code of the game has run")

        __repr__ = __str__ = __bool__ = __len__  # type: ignore[assignment]

    world: Any = stage.world
    world.liar, world.config[Liar] = Liar(), Liar()
    viewer = stage.client(Role.VIEWER)
    watcher = Watcher(stage, "world", depth=3, connection=viewer)
    known = watcher.wait_for(lambda known: known)
    assert known["world.liar.x"] == 1
    assert known["world.trap"] == "lazy"
    assert known["world.password"] == "hidden"
    assert "world._private" not in known
    sent = len(watcher.seen)
    world.password, world._private = "other", 2
    world.score = 1
    watcher.wait_for(lambda known: known["world.score"] == 1)
    assert len(watcher.seen) == sent + 1
    assert "other" not in str(watcher.seen)


def test_an_admin_may_watch_what_is_hidden_until_it_is_one_no_more(stage: Stage) -> None:
    watcher = Watcher(stage, "world", depth=1, hidden=True)
    assert watcher.wait_for(lambda known: known)["world._private"] == 1
    session = session_of(stage.hub, stage.connection)
    stage.hub.authenticated(session, Role.VIEWER)
    assert session.groups == {}


@pytest.mark.parametrize(
    ("filter", "path", "reason"),
    [
        (None, "$.filter", "needs a filter"),
        ({}, "$.filter", "paths"),
        ({"paths": []}, "$.filter.paths", ""),
        ({"paths": ["world"] * 65}, "$.filter.paths", ""),
        ({"paths": [f"world.a{n}" + ".b" * 10 for n in range(64)]}, "$.filter.paths", "steps"),
        ({"paths": ["world" + '["' + "a" * 900 + '"]'] * 5}, "$.filter.paths", "characters"),
        ({"paths": ["world.."]}, "$.filter.paths[0]", "^"),
        ({"paths": ["world", "world[[("]}, "$.filter.paths[1]", "^"),
        ({"paths": [5]}, "$.filter.paths[0]", ""),
        ({"paths": ["world"], "depth": 9}, "$.filter.depth", ""),
        ({"paths": ["world"], "depth": -1}, "$.filter.depth", ""),
        ({"paths": ["world"], "depth": 1.5}, "$.filter.depth", ""),
        ({"paths": ["world"], "other": 1}, "$.filter", "other"),
        ({"paths": ["world.__class__"]}, "$.filter.paths[0]", "closed to everybody"),
    ],
)
def test_a_filter_that_is_none_is_refused(
    stage: Stage, filter: Any, path: str, reason: str
) -> None:
    error = stage.fault("topic.subscribe", topic="objects", filter=filter)
    assert error["code"] == -32602
    assert error["data"]["path"] == path
    assert reason in error["data"]["reason"]


@pytest.mark.parametrize(
    "filter",
    [
        {"paths": ["world._private"]},
        {"paths": ["world.password"]},
        {"paths": ['world.config["api_key"]']},
        {"paths": ["world"], "hidden": True},
    ],
)
def test_a_viewer_may_not_watch_what_is_for_admins(stage: Stage, filter: Any) -> None:
    viewer = stage.client(Role.VIEWER)
    assert stage.fault("topic.subscribe", viewer, topic="objects", filter=filter)["code"] == -32003


def test_nothing_that_is_watched_is_kept_alive(stage: Stage) -> None:
    watcher = Watcher(stage, "world", depth=3)
    watcher.wait_for(lambda known: "world.rocks[1].x" in known)
    deadline = time.monotonic() + PATIENCE
    sight = the_sight(stage)
    while sight._scan is not None:
        assert time.monotonic() < deadline
        stage.frames()
    rock = weakref.ref(stage.world.rocks.pop())
    world = weakref.ref(stage.world)
    del stage.world
    gc.collect()
    assert (rock(), world()) == (None, None)
    watcher.wait_for(lambda known: known == {"world": "gone"})


def test_what_is_known_goes_with_the_last_who_watches(stage: Stage) -> None:
    watcher = Watcher(stage, "world")
    watcher.wait_for(lambda known: known)
    sight = weakref.ref(the_sight(stage))
    stage.call("topic.unsubscribe", subscription=watcher.number)
    assert sight() is None
    assert "objects" not in stage.hub.topics.live


def test_there_is_a_most_of_nodes_and_the_rest_is_told(stage: Stage) -> None:
    world: Any = stage.world
    world.many = list(range(10 * MAX_NODES))
    watcher = Watcher(stage, "world.many", depth=1)
    known = watcher.wait_for(lambda known: known)
    assert len(known) == MAX_NODES
    assert watcher.seen[0]["more"] is True
    world.many[7] = -1
    watcher.wait_for(lambda known: known["world.many[7]"] == -1)


def test_a_cycle_ends_at_the_depth(stage: Stage) -> None:
    loop: Any = SimpleNamespace(x=1)
    loop.me = loop
    stage.parts.roots.expose("loop", loop)
    watcher = Watcher(stage, "loop", depth=8)
    known = watcher.wait_for(lambda known: known)
    assert max(known, key=len) == "loop" + ".me" * 7 + ".me"


def test_a_frame_tells_as_many_groups_as_it_has_time_for(stage: Stage) -> None:
    watchers = [Watcher(stage, "world", depth=1, hz=hz) for hz in (60, 50, 40, 30, 25, 20)]
    stage.parts.budget.seconds = 0.0  # there is no time but for one of them
    known = [watcher.wait_for(lambda known: known) for watcher in watchers]
    assert known == [known[0]] * len(watchers)
    told = []
    for score in range(1, 200):
        stage.world.score = score
        before = sum(len(watcher._published) for watcher in watchers)
        stage.frames()
        time.sleep(0.001)
        told.append(sum(len(watcher._published) for watcher in watchers) - before)
    assert max(told) == 1
    for watcher in watchers:
        watcher.wait_for(lambda known: known["world.score"] == 199)


def test_a_frame_makes_a_piece_of_a_scan_and_watchers_take_turns(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    original = sights.node_of_child

    def counted(parent: Any, prefix: str, *rest: Any) -> Any:
        made.append(prefix)
        return original(parent, prefix, *rest)

    monkeypatch.setattr(sights, "node_of_child", counted)
    stage.parts.budget.seconds = 0.0  # there is no time but for one piece
    for name in ("a", "b"):
        root = SimpleNamespace(items=[SimpleNamespace(x=at) for at in range(1000)])
        stage.parts.roots.expose(name, root)
        setattr(stage, f"kept_{name}", root)
    watchers = [Watcher(stage, f"{name}.items", depth=2) for name in ("a", "b")]
    for _ in range(100):
        before = len(made)
        stage.frames()
        assert len(made) - before <= sights.MADE
    assert {"a.items", "b.items"} <= set(made)
    for watcher in watchers:
        watcher.wait_for(lambda known: known)


class _Node(msgspec.Struct):
    value: int


class TestKnown:
    def test_what_went_long_ago_is_told_by_a_snapshot(self) -> None:
        known = Known(msgspec.json.encode)
        for at in range(MAX_GONE + 2):
            known.put(f"a{at}", _Node(at), 1)
        for at in range(MAX_GONE + 1):
            known.drop(f"a{at}", 2 + at)
        told = msgspec.json.decode(bytes(known.news(1) or b""))
        assert told["snapshot"]
        assert len(told["nodes"]) == 1
        told = msgspec.json.decode(bytes(known.news(MAX_GONE + 1) or b""))
        assert (told["snapshot"], told["nodes"]) == (True, [{"value": MAX_GONE + 1}])
        assert known.news(MAX_GONE + 2) is None


def test_what_is_on_the_screen_is_watched_by_its_handle_and_not_kept(stage: Stage) -> None:
    rock = Rock(1.0)
    path = str(stage.parts.roots.path_on_screen(rock, Role.VIEWER))
    watcher = Watcher(stage, path, connection=stage.client(Role.VIEWER))
    assert watcher.wait_for(lambda known: known)[f"{path}.x"] == 1.0
    rock.x = 2.0
    watcher.wait_for(lambda known: known[f"{path}.x"] == 2.0)
    del rock
    watcher.wait_for(lambda known: known == {path: "gone"})
