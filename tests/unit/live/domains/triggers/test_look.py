"""How conditions look at the game's objects."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.rpc.fakes import new_hub, parts_of

from stagedoor.live.domains.triggers.look import SceneAndObjects
from stagedoor.live.domains.triggers.reading import Unreadable
from stagedoor.live.language.path import parse_path
from stagedoor.wire.roles import Role


class World:
    def __init__(self) -> None:
        self.rocks = [1, 2, 3]
        self._hidden = 1
        self.password = "secret"
        self.large = {str(number): number for number in range(100_000)}

    @property
    def trap(self) -> Any:
        raise AssertionError("code of the game ran")


@pytest.fixture
def world() -> World:
    return World()


def look(world: World, path: str, role: Role = Role.OPERATOR) -> object:
    parts = parts_of(new_hub())
    parts.roots.expose("world", world)
    return SceneAndObjects(parts, role).value(parse_path(path))


def test_a_value_is_what_is_there(world: World) -> None:
    assert look(world, "world.rocks[1]") == 2
    assert look(world, 'world.large["3"]') == 3
    assert look(world, "world._hidden", Role.ADMIN) == 1


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nothing", "there is no root"),
        ("world.nothing", "has no attribute 'nothing'"),
        ("world.rocks[7]", "has no [7]"),
        ("world.trap", "worked out by code of the game"),
        ("world.trap.x", "worked out by code of the game"),
        ("world._hidden", "for admins"),
        ("world.password", "for admins"),
        ("world.__class__", "closed to everybody"),
        ('world.large["99999"]', "too large to be searched in a frame"),
    ],
)
def test_what_is_not_there_or_not_open_is_told(world: World, path: str, reason: str) -> None:
    with pytest.raises(Unreadable) as raised:
        look(world, path)
    assert reason in str(raised.value)
