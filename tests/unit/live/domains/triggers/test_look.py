"""How conditions look at the game's objects."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE
from tests.unit.live.rpc.fakes import new_hub, parts_of

from stagedoor.live.domains.triggers import look as module
from stagedoor.live.domains.triggers.look import SceneAndObjects
from stagedoor.live.domains.triggers.reading import Unreadable
from stagedoor.live.language.path import parse_path
from stagedoor.live.language.selector import parse_selector
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


class Enemy:
    def __init__(self, hp: int) -> None:
        self.hp = hp


class OnScreen:
    """A game with enemies on its screen."""

    def __init__(self, *hps: int) -> None:
        self.enemies = [Enemy(hp) for hp in hps]
        parts = parts_of(new_hub())
        parts.scene.own.add("enemies", each=lambda: self.enemies, visible=self.is_visible)
        self._look = SceneAndObjects(parts, Role.OPERATOR)

    def is_visible(self, enemy: Any) -> bool:
        return enemy.hp != 7

    def count(self, selector: str, most: int | None = None) -> int:
        return self._look.count(parse_selector(selector), most)


def test_what_is_on_the_screen_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", PATIENCE)
    game = OnScreen(1, 2, 3, 7)
    assert game.count("Enemy") == 3, "one is hidden"
    assert game.count("Enemy[hp<3]") == 2
    assert game.count("Enemy", 1) == 1, "more do not matter"
    assert game.count("Enemy") == 3
    assert game.count("Enemy:hidden") == 1
    assert game.count("Enemy[hp<0]", 1) == 0
    game.enemies.append(Enemy(-1))
    assert game.count("Enemy[hp<0]", 1) == 1


def test_a_large_scene_is_gone_through_in_several_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.0)
    game = OnScreen(*[1] * 1000)
    with pytest.raises(Unreadable, match="still being gone through"):
        game.count("Enemy")
    counts = set()
    for _ in range(200):
        try:
            counts.add(game.count("Enemy"))
        except Unreadable:
            continue
    assert counts == {1000}
