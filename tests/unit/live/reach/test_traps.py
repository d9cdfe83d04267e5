"""No code of the game runs when its objects are looked at, whatever their types define."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.unit.live.reach import traps
from tests.unit.live.reach.traps import all_objects, ran

from stagedoor.live.language.path import Path
from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.node import Node, children_of, node_at, node_of_child
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.walk import resolve_place
from stagedoor.wire.roles import Role

OBJECTS = all_objects()
NAMES = ["a", "x", "hp", "prop", "cached", "descriptor", "data", "nothing", "T", "args"]
KEYS = ['["a"]', '["hp"]', "[0]", "[3]", "[-1]", "[@1]", "{1}", '{"hp"}', "{3}", "[(1, 2)]"]


class Holder:
    def __init__(self, value: object) -> None:
        self.it = value


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    ran.clear()
    yield
    assert ran == []


def look(roots: Roots, path: str, role: Role, depth: int) -> list[Node]:
    """All there is to see at a path and below."""
    try:
        place = resolve_place(roots, path, role)
    except ReachFault:
        return []
    nodes = [node_at(place, role)]
    assert len(nodes[0].preview) <= 100
    if depth and nodes[0].kind not in ("lazy", "hidden"):
        for every in (False, True):
            for child in children_of(place.value, role, is_root=place.is_root, every=every):
                assert child is not None
                node = node_of_child(place.value, path, child, role)
                nodes += [node, *look(roots, node.path, role, depth - 1)]
                if node.key is not msgspec.UNSET:
                    nodes += look(roots, node.key, role, 0)
    return nodes


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", OBJECTS)
def test_looking_at_an_object_runs_nothing(name: str, role: Role) -> None:
    holder, roots = Holder(OBJECTS[name]), Roots()
    roots.expose("root", holder)
    nodes = look(roots, "root.it", role, 2)
    assert nodes[0].path == "root.it"
    msgspec.json.encode(nodes)
    for step in [*(f".{name}" for name in NAMES), *KEYS]:
        look(roots, f"root.it{step}", role, 1)


@pytest.mark.parametrize("name", OBJECTS)
def test_nor_does_exposing_it_as_a_root(name: str) -> None:
    roots = Roots()
    try:
        roots.expose("root", OBJECTS[name])
    except TypeError:
        assert name == "partial"
        return
    assert look(roots, "root", Role.VIEWER, 1)


def test_the_traps_work() -> None:
    for name in ("strict", "plain"):
        with pytest.raises(RuntimeError):
            str(OBJECTS[name])
    with pytest.raises(RuntimeError):
        OBJECTS["computed"].prop  # noqa: B018
    assert isinstance(OBJECTS["computed"], dict), "it lies"
    with pytest.raises(RuntimeError):
        hash(type(OBJECTS["strict"]))
    with pytest.raises(RuntimeError):
        OBJECTS["array"][:]
    assert OBJECTS["keyed"]["hp"] == 1
    assert {"__str__", "property", "__class__", "Meta.__hash__", "Key.__eq__"} <= set(ran)
    ran.clear()


def test_values_are_read_all_the_same() -> None:
    seen: dict[str, Any] = {}
    for name, value in OBJECTS.items():
        roots, holder = Roots(), Holder(value)
        roots.expose("root", holder)
        for node in look(roots, "root.it", Role.VIEWER, 1):
            seen[node.path.replace("root.it", name)] = node
    assert seen["plain.a"].value == 1
    assert seen["strict.a"].value == 1
    assert seen["slots.a"].value == 1
    assert seen["list[0]"].value == 1
    assert seen["tuple[1]"].value == 2
    assert seen['dict["a"]'].value == 1
    assert seen['ordered["a"]'].value == 1
    assert seen["set{1}"].value == 1
    assert seen["deque[0]"].value == 1
    assert seen["str"].preview == "'text'"
    assert seen["int"].preview == "3"
    assert seen["bytes"].preview == "b'abc'"
    assert seen["zone"].preview == "2026-01-01T00:00:00 (with a time zone)"
    assert seen["enum"].preview == "Suit.HEARTS"
    assert {node.kind for path, node in seen.items() if path.startswith("computed.")} == {"lazy"}
    assert seen["keyed"].indexed == 3


def test_a_path_by_identity_finds_a_key_that_no_text_can_name() -> None:
    roots, holder = Roots(), Holder(OBJECTS["keyed"])
    roots.expose("root", holder)
    values = []
    for child in children_of(holder.it, Role.VIEWER):
        assert child is not None
        node = node_of_child(holder.it, "root.it", child, Role.VIEWER)
        values.append(resolve_place(roots, node.path, Role.VIEWER).value)
        assert resolve_place(roots, str(node.key), Role.VIEWER).value is child.key
    assert values == [1, 2, 3]
    assert Path("root") == Path("root")
    assert traps.ran == []
