"""Roots: what is exposed, how it is held, and when it is gone."""

from __future__ import annotations

import gc
import sys
from collections import deque
from typing import Any

import pytest

from stagedoor.live.reach.faults import Missing
from stagedoor.live.reach.node import node_of_root
from stagedoor.live.reach.roots import GONE, MAIN, Roots
from stagedoor.live.reach.walk import resolve
from stagedoor.wire.roles import Role


class World:
    def __init__(self) -> None:
        self.score = 3

    def spawn(self, count: int = 1) -> int:
        return count


class Slotted:
    __slots__ = ("hp",)


class Boss(list[int]):
    pass


@pytest.mark.parametrize(
    ("value", "held"),
    [(World(), False), (Boss(), False), ({1}, False), (deque([1]), False),
     ([1], True), ({"a": 1}, True), ((1, 2), True), (Slotted(), True), ("text", True)],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_an_object_is_held_weakly_where_its_type_allows_it(value: object, held: bool) -> None:
    roots = Roots()
    roots.expose("it", value)
    (root,) = roots
    assert root.held is held
    assert root.value is value
    assert node_of_root(root, Role.VIEWER).held is held


def test_an_object_that_is_gone_is_told_as_such() -> None:
    roots = Roots()
    roots.expose("world", world := World())
    del world
    gc.collect()
    (root,) = roots
    assert root.value is GONE
    node = node_of_root(root, Role.VIEWER)
    assert (node.kind, node.type.rpartition(".")[2]) == ("gone", "World")
    with pytest.raises(Missing, match=r"the .*World that was exposed as 'world' is gone"):
        resolve(roots, "world.score", Role.VIEWER)


def test_exposing_a_name_again_replaces_it_and_unexposing_ends_it() -> None:
    roots = Roots()
    roots.expose("it", [1])
    roots.expose("it", [2])
    assert resolve(roots, "it[0]", Role.VIEWER) == 2
    roots.unexpose("it")
    assert list(roots) == []
    with pytest.raises(Missing, match="nothing is exposed"):
        resolve(roots, "it", Role.VIEWER)
    with pytest.raises(KeyError):
        roots.unexpose("it")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "3", "_private", "__main__", "a[0]"])
def test_a_name_that_begins_no_path_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name must"):
        Roots().expose(name, World())


@pytest.mark.parametrize("name", [None, 3, b"a"])
def test_a_name_must_be_a_text(name: Any) -> None:
    with pytest.raises(TypeError):
        Roots().expose(name, World())


def test_methods_must_be_there() -> None:
    roots = Roots()
    roots.expose("world", World(), ["spawn"])
    for methods in (["spwan"], ["score"], ["spawn", ""]):
        with pytest.raises(ValueError, match=r"has no method|must not be empty"):
            roots.expose("world", World(), methods)
    with pytest.raises(TypeError, match="list of names"):
        roots.expose("world", World(), "spawn")
    (root,) = roots
    assert root.methods == {"spawn"}


def test_the_main_module_is_a_root_of_a_game_that_knows_of_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    roots = Roots()
    roots.add_main()
    main = type(sys)("__main__")
    main.__dict__.update(score=5, _x=1, sys=sys)
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert resolve(roots, "__main__.score", Role.VIEWER) == 5
    (root,) = roots
    assert (root.name, root.held) == (MAIN, False)
    assert node_of_root(root, Role.VIEWER).kind == "module"
