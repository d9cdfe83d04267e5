"""`find_paths()`: where the things on the screen are in `objects`."""

from __future__ import annotations

from typing import Any

import pytest

from stagedoor.live.engines.scene import Node
from stagedoor.live.reach.roots import Roots
from stagedoor.live.scene import paths
from stagedoor.live.scene.looking import Looking
from stagedoor.live.scene.paths import LOOKED_AT, find_paths, path_by_handle
from stagedoor.wire.roles import Role


class Thing:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def find(roots: Roots, *wanted: object, role: Role = Role.VIEWER) -> list[str | None]:
    looking = find_paths(roots, wanted, role)
    while True:
        try:
            next(looking)
        except StopIteration as stop:
            return [str(stop.value[id(one)]) if id(one) in stop.value else None for one in wanted]


def test_the_shortest_way_is_found() -> None:
    roots, rock, ship = Roots(), Thing(), Thing()
    world = Thing(
        rocks=[Thing(), rock], ship=ship, named={"first rock": rock}, pilot=Thing(ship=ship)
    )
    roots.expose("world", world)
    assert find(roots, rock, ship, world, Thing()) == [
        "world.rocks[1]",
        "world.ship",
        "world",
        None,
    ]


def test_what_a_role_may_not_see_is_no_way() -> None:
    roots, rock = Roots(), Thing()
    world = Thing(_hidden=rock, token=[rock])
    roots.expose("world", world)
    assert find(roots, rock) == [None]
    assert find(roots, rock, role=Role.ADMIN) == ["world._hidden"]


def test_members_of_sets_have_paths() -> None:
    roots, rock = Roots(), Thing()
    world = Thing(rocks={rock})
    roots.expose("world", world)
    assert find(roots, rock) == [f"world.rocks{{@{id(rock):#x}}}"]


def test_it_goes_in_circles_once_and_no_further_than_it_says() -> None:
    roots, rock = Roots(), Thing()
    world = Thing(a=Thing(b=Thing(c=Thing(d=Thing(e=rock)))))
    world.me = world
    roots.expose("world", world)
    assert find(roots, rock, world.a.b.c.d) == [None, "world.a.b.c.d"]


def test_a_large_world_is_not_searched_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    roots, rock = Roots(), Thing()
    world = Thing(numbers=list(range(10 * LOOKED_AT)), rock=rock)
    roots.expose("world", world)
    steps = list(find_paths(roots, [Thing()], Role.VIEWER))
    assert len(steps) == LOOKED_AT // paths.AT_ONCE
    assert find(roots, rock) == ["world.rock"], "what is near comes first"


def test_what_changes_meanwhile_is_left() -> None:
    roots, rock = Roots(), Thing()
    many = {number: Thing() for number in range(1000)}
    world = Thing(many=many, rock=rock)
    roots.expose("world", world)
    looking = find_paths(roots, [Thing()], Role.VIEWER)
    next(looking)
    many[-1] = Thing()
    assert len(list(looking)) < 100


class Tricky:
    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError

    __iter__ = __len__ = __eq__ = __hash__ = __bool__ = None  # type: ignore[assignment]


def test_no_code_of_the_game_runs() -> None:
    roots, rock = Roots(), Thing()
    world = Thing(tricky=Tricky(), rock=rock)
    roots.expose("world", world)
    assert find(roots, rock, Tricky()) == ["world.rock", None]


class NodeOf(Node):
    """A node of this name, whose text may be hidden."""

    def __init__(self, target: object, name: str = "", *, hides: bool = False) -> None:
        super().__init__(target, Looking())
        self.name = lambda: name  # type: ignore[method-assign]
        self.hides_text = lambda: hides  # type: ignore[method-assign]


def test_what_lies_below_no_root_has_a_path_by_its_handle() -> None:
    roots, rock = Roots(), Thing()
    for node, expected in (
        (NodeOf(rock), 'scene["Thing#1"]'),
        (NodeOf(rock, "rock"), 'scene["Thing#1"]'),
        (NodeOf(None), None),
        (NodeOf(Thing(), "password"), None),
        (NodeOf(Thing(), hides=True), None),
    ):
        for role in Role:
            path = path_by_handle(roots, node, role)
            assert (None if path is None else str(path)) == expected


def test_a_handle_is_no_shorter_way() -> None:
    roots, rock = Roots(), Thing()
    world = Thing(a=Thing(b=rock))
    roots.expose("world", world)
    path_by_handle(roots, NodeOf(rock), Role.VIEWER)
    assert find(roots, rock) == ["world.a.b"]
