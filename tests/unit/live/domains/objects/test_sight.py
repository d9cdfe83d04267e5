"""`Sight`: after any changes, who was told all that changed knows what a fresh look sees."""

from __future__ import annotations

import enum
import json
import math
import random
from collections import deque
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from pygame import Vector2

from stagedoor.live.domains.objects import box
from stagedoor.live.domains.objects import sight as sights
from stagedoor.live.domains.objects.sight import Filter, Sight
from stagedoor.live.language.path import parse_path
from stagedoor.live.reach.roots import Roots
from stagedoor.live.topics.topic import NOTHING
from stagedoor.wire.encoding import ours_to_json
from stagedoor.wire.roles import Role

STEPS = 400
FILTER = Filter((parse_path("world"),), 5, False, Role.VIEWER)
KEYS: list[Any] = ["a", "b", 1, (1, 2), 2.5]


class Mood(enum.Enum):
    CALM = 1
    WILD = 2


class Slots:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a: Any = 1


class Computed:
    shared = 5

    def __init__(self) -> None:
        self.v = 1

    @property
    def trap(self) -> int:
        raise AssertionError("code of the game has run")


class World:
    """What changes at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.root = SimpleNamespace(a=[1], b={"a": 1}, c=SimpleNamespace(a=1))

    def value(self, depth: int) -> Any:
        choice = self.random.randrange(20 if depth < 3 else 12)

        def inner() -> Any:
            return self.value(depth + 1)

        return [
            lambda: self.random.randrange(3), lambda: self.random.random(), lambda: True,
            lambda: None, lambda: math.nan, lambda: 10**30, lambda: Mood.CALM,
            lambda: Vector2(1, 2), lambda: numpy.float64(1.5), lambda: numpy.int8(3),
            lambda: "y" * self.random.randrange(300), lambda: Mood.WILD,
            lambda: [inner() for _ in range(self.random.randrange(4))],
            lambda: {self.random.choice(KEYS): inner() for _ in range(3)},
            lambda: SimpleNamespace(**{self.random.choice("abc"): inner() for _ in range(3)}),
            lambda: deque([inner(), inner()]), lambda: {self.random.randrange(5)}, Slots,
            Computed, lambda: (inner(), inner()),
        ][choice]()  # fmt: skip

    def change(self) -> None:
        """Change something, somewhere."""
        one = self.random.choice(list(self._inside(self.root)))
        new, choice = self.value(1), self.random.randrange(4)
        if isinstance(one, list | deque):
            if choice == 0 or not one:
                one.append(new)
            elif choice == 1:
                one.pop()
            elif choice == 2:
                one[self.random.randrange(len(one))] = new
            else:
                one.reverse()
        elif isinstance(one, dict):
            if choice == 0 and one:
                del one[self.random.choice(list(one))]
            else:
                one[self.random.choice(KEYS)] = new
        elif isinstance(one, Vector2):
            one.x = self.random.randrange(5)
        else:
            name = self.random.choice("ab")
            if choice == 0 and hasattr(one, name):
                delattr(one, name)
            else:
                setattr(one, name, new)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, list | deque | tuple):
            inner: Any = value
        elif isinstance(value, dict):
            inner = value.values()
        elif isinstance(value, SimpleNamespace | Computed):
            inner = vars(value).values()
        elif isinstance(value, Slots | Vector2):
            inner = ()
        else:
            return
        if not isinstance(value, tuple):
            yield value
        for one in inner:
            yield from self._inside(one)


class Client:
    """One who applies what is told."""

    def __init__(self) -> None:
        self.nodes: dict[str, Any] = {}

    def apply(self, news: Any) -> None:
        told = json.loads(bytes(news))
        if told["snapshot"]:
            self.nodes.clear()
        for path in told["gone"]:
            self.nodes.pop(path, None)
        for node in told["nodes"]:
            self.nodes[node["path"]] = node
        for path, value in told["values"].items():
            self.nodes[path]["value"] = value

    def seen(self) -> dict[str, Any]:
        """All but the previews and counts, which may be a second old."""
        return {
            path: [node.get(field, "-") for field in ("kind", "type", "value")]
            for path, node in self.nodes.items()
        }


def look(sight: Sight, now: float) -> None:
    sight.step(now, 60.0, lambda: False)


def test_what_stays_is_not_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "REFRESHED", 1e9)
    made: list[str] = []
    original = sights.node_of_child

    def counted(parent: Any, prefix: str, *rest: Any) -> Any:
        made.append(prefix)
        return original(parent, prefix, *rest)

    monkeypatch.setattr(sights, "node_of_child", counted)
    roots, world = Roots(), World(1)
    world.root.trail, world.root.tags, world.root.slots = deque([1.5, 2.5]), {"x"}, Slots()
    world.root.objects, world.root.grid = deque([Computed()]), numpy.arange(3)
    world.root.sprites = {Computed(): Mood.CALM, Mood.WILD: Vector2()}
    roots.expose("world", world.root, ())
    sight = Sight(roots, FILTER, ours_to_json)
    look(sight, 1)
    assert {"world.trail", "world.sprites", "world.grid"} <= set(made)
    made.clear()
    for step in range(2, 5):
        look(sight, step)
    assert made == []
    assert sight.news(1) is NOTHING


@pytest.mark.parametrize("refreshed", [0.0, 1e9])
@pytest.mark.parametrize("seed", range(4))
def test_who_is_told_what_changed_knows_what_a_fresh_look_sees(
    seed: int, refreshed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box, "REFRESHED", refreshed)
    world, roots, client = World(seed), Roots(), Client()
    roots.expose("world", world.root, ())
    sight, version = Sight(roots, FILTER, ours_to_json), 0
    for step in range(1, STEPS):
        for _ in range(world.random.randrange(4)):
            world.change()
        look(sight, step)
        news = sight.news(version)
        version = sight.scans
        if news is not NOTHING:
            client.apply(news)
        fresh, other = Sight(roots, FILTER, ours_to_json), Client()
        look(fresh, step)
        other.apply(fresh.news(0))
        assert client.seen() == other.seen(), f"in step {step}"
        if step % 100 == 0:  # it has grown
            vars(world.root).clear()
            vars(world.root).update(a=[], b={}, c=SimpleNamespace())
