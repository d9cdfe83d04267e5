"""`stagedoor.live.engines.pygame.groups`: which sprites are known, and what is read of them."""

from __future__ import annotations

import gc
import sys
import types
import weakref
from collections.abc import Iterator
from typing import Any, ClassVar

import pygame
import pytest
from pygame import sprite as sprites

from stagedoor.live.engines.pygame import groups
from stagedoor.live.engines.pygame.engine import Pygame
from stagedoor.live.engines.pygame.groups import Groups, Seen, SpriteNode, members
from stagedoor.live.engines.scene import Node
from stagedoor.live.scene.looking import Looking

KINDS = [
    "Group",
    "GroupSingle",
    "RenderUpdates",
    "LayeredUpdates",
    "LayeredDirty",
]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Groups]:
    """The registry of this test; pygame's sprites are as before after it."""
    seen = Groups()
    monkeypatch.setattr(groups, "GROUPS", seen)
    real: Any = sprites.Sprite.add_internal
    monkeypatch.setattr(sprites.Sprite, "add_internal", getattr(real, "__wrapped__", real))
    groups.patch(sprites)
    return seen


class Rock(sprites.DirtySprite):
    """A usual sprite."""

    def __init__(self, *groups: Any, rect: Any = None) -> None:
        super().__init__(*groups)
        self.image = pygame.Surface((4, 4))
        self.rect = pygame.Rect(1, 2, 30, 40) if rect is None else rect


def nodes() -> list[Node]:
    return [node for node in groups.provider().nodes(Looking()) if isinstance(node, Node)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_of_each_kind_is_seen_when_it_is_filled(seen: Groups, kind: str) -> None:
    group = getattr(sprites, kind)()
    assert list(seen) == []
    rock = Rock()
    group.add(rock)
    assert list(seen) == [group]
    assert [node.target for node in nodes()] == [rock]
    group.empty()
    assert nodes() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_sprite_that_adds_itself_is_seen(seen: Groups, kind: str) -> None:
    group = getattr(sprites, kind)()
    rock = Rock(group)
    assert [node.target for node in nodes()] == [rock]
    assert nodes()[0].is_there()
    rock.kill()
    assert nodes() == []


def test_a_group_that_was_made_before_is_seen_when_more_comes(seen: Groups) -> None:
    group: Any = sprites.Group()
    first = Rock()
    group.spritedict[first] = None  # as if it was filled before stagedoor was there
    assert nodes() == []
    second = Rock(group)
    assert [node.target for node in nodes()] == [first, second]


class Game:
    """What a main module may have."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def main_module(monkeypatch: pytest.MonkeyPatch, **names: Any) -> None:
    module = types.ModuleType("__main__")
    vars(module).update(names)
    monkeypatch.setitem(sys.modules, "__main__", module)


def unseen(seen: Groups) -> tuple[Any, Rock]:
    """A group that was filled before anybody looked, and its sprite."""
    group: Any = sprites.Group()
    rock = Rock(group)
    seen._known.clear()
    return group, rock


def test_a_group_that_was_filled_before_is_found_near_the_main_module(
    seen: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    near, level, far = unseen(seen), unseen(seen), unseen(seen)
    deep = Game(level=Game(rocks=level[0], inner=Game(deeper=Game(rocks=far[0]))))
    deep.me = deep
    main_module(monkeypatch, rocks=near[0], game=deep, other=sys, number=3, kind=Game)
    assert [node.target for node in nodes()] == [near[1], level[1]]
    late = unseen(seen)
    main_module(monkeypatch, rocks=late[0])
    assert nodes() == [], "that was once"


def test_it_does_not_look_far(seen: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    group, _ = unseen(seen)
    main_module(monkeypatch, many=Game(**{f"a{n}": Game() for n in range(20_000)}), rocks=group)
    steps = list(groups.provider().nodes(Looking()))
    assert len([one for one in steps if isinstance(one, Node)]) == 1
    assert 250 < steps.count(None) < 400


def test_a_sprite_in_several_groups_is_there_once(seen: Groups) -> None:
    first, second = sprites.Group(), sprites.Group()
    rocks = [Rock(first, second), Rock(second), Rock(second, first)]
    assert {id(node.target) for node in nodes()} == {id(rock) for rock in rocks}
    assert len(nodes()) == 3


def test_what_was_seen_is_kept_in_parts_of_alike_size() -> None:
    seen = Seen()
    things = [Game() for _ in range(20_000)]
    assert all(seen.is_new(thing) for thing in things)
    assert not any(seen.is_new(thing) for thing in things)
    assert max(map(len, seen._parts)) < 20_000 / 10
    assert len(list(seen.forget())) == len(Seen()._parts)


def test_groups_and_sprites_are_not_kept(seen: Groups) -> None:
    group = sprites.Group()
    gone = weakref.ref(group), weakref.ref(Rock(group))
    nodes()
    del group
    gc.collect()
    assert [reference() for reference in gone] == [None, None]
    assert list(seen) == []
    assert seen._known == {}


def test_layers_are_from_the_back_to_the_front(seen: Groups) -> None:
    group: Any = sprites.LayeredUpdates()
    top, back = Rock(), Rock()
    group.add(top, layer=5)
    group.add(back, layer=-1)
    found = nodes()
    assert [node.target for node in found] == [back, top]
    assert [node.layer() for node in found] == [-1, 5]


def test_the_patch_is_applied_once_and_looks_like_what_it_replaces(seen: Groups) -> None:
    replaced: Any = sprites.Sprite.add_internal
    (patch,) = groups.patches().values()
    patch(sprites)
    assert sprites.Sprite.add_internal is replaced
    assert replaced.__name__ == "add_internal"
    assert not hasattr(replaced.__wrapped__, "__wrapped__")


def test_pygames_own_properties_are_read_where_it_has_the_values(seen: Groups) -> None:
    rock = Rock()
    rock.visible = 0
    node = SpriteNode(rock, Looking())
    assert node.rect() == (1, 2, 30, 40)
    assert node.is_visible() is False
    assert node.unread == {}


@pytest.mark.parametrize(
    ("groups_of_it", "expected"),
    [({}, False), (set(), False), ({1: 0}, True), ({1}, True), (None, True), ([], True)],
)
def test_a_sprite_is_there_while_it_is_in_a_group(groups_of_it: Any, expected: bool) -> None:
    assert groups.is_in_a_group(groups_of_it) is expected


class Tricky(sprites.Sprite):
    """Runs code wherever it can."""

    ran: ClassVar[list[str]] = []

    def __getattribute__(self, name: str) -> Any:
        Tricky.ran.append(name)
        return super().__getattribute__(name)

    def __hash__(self) -> int:
        Tricky.ran.append("hash")
        return id(self)

    def __eq__(self, other: object) -> bool:
        Tricky.ran.append("eq")
        return self is other

    def __bool__(self) -> bool:
        Tricky.ran.append("bool")
        return False

    @property
    def name(self) -> str:
        Tricky.ran.append("property")
        return "tricky"

    @property
    def visible(self) -> bool:
        raise ZeroDivisionError


class TrickyGroup(sprites.Group):
    """As well."""

    def sprites(self) -> list[Any]:
        Tricky.ran.append("sprites")
        return []

    def __iter__(self) -> Any:
        Tricky.ran.append("iter")
        return iter(())

    def __len__(self) -> int:
        Tricky.ran.append("len")
        return 0


def test_no_code_of_the_game_runs(seen: Groups) -> None:
    group = TrickyGroup()
    tricky = Tricky(group)
    tricky.rect = pygame.Rect(1, 2, 3, 4)
    Tricky.ran.clear()
    (node,) = nodes()
    told = node.name(), node.text(), node.rect(), node.is_visible(), node.layer(), node.is_there()
    assert Tricky.ran == []
    assert told == ("", None, (1, 2, 3, 4), True, None, True)
    assert set(node.unread) == {"name", "visible"}


class Odd(sprites.Sprite):
    """Its rect is a property."""

    @property
    def rect(self) -> Any:  # type: ignore[override]
        raise ZeroDivisionError("no rect")


RECTS: list[tuple[Any, Any]] = [
    (pygame.Rect(1, 2, 3, 4), (1, 2, 3, 4)),
    (pygame.FRect(1.5, 2, 3, 4), (1.5, 2, 3, 4)),
    ((1, 2, 3, 4), (1, 2, 3, 4)),
    ([1, 2, 3.5, 4], (1, 2, 3.5, 4)),
    (((1, 2), (3, 4)), (1, 2, 3, 4)),
    (types.SimpleNamespace(x=1, y=2, w=3, h=4), (1, 2, 3, 4)),
    (types.SimpleNamespace(left=1, top=2, width=3, height=4), (1, 2, 3, 4)),
    (None, None),
    ((1, 2, 3), None),
    ((1, 2, 3, 4, 5), None),
    ((1, 2, float("nan"), 4), None),
    ((1, 2, float("inf"), 4), None),
    ((1, 2, "3", 4), None),
    ((10**400, 2, 3, 4), None),
    ("1234", None),
    (object(), None),
    (7, None),
]


@pytest.mark.parametrize(("rect", "expected"), RECTS)
def test_a_rect_may_be_anything(seen: Groups, rect: Any, expected: Any) -> None:
    rock = Rock()
    rock.rect = rect
    node = SpriteNode(rock, Looking())
    assert node.rect() == expected
    assert ("rect" in node.unread) == (expected is None and rect is not None)


def test_a_rect_that_is_missing_or_a_property_is_told(seen: Groups) -> None:
    bare: Any = object.__new__(Rock)
    assert SpriteNode(bare, Looking()).rect() is None
    odd = SpriteNode(Odd(), Looking())
    assert odd.rect() is None
    assert "evaluate" in odd.unread["rect"]
    asked = SpriteNode(Odd(), Looking(evaluates=True))
    assert asked.rect() is None
    assert "ZeroDivisionError" in asked.unread["rect"]


class Slotted(sprites.Group):
    """A group that has lost what pygame's groups have."""

    def __init__(self) -> None:
        pass


def test_a_group_without_its_insides_has_no_members() -> None:
    assert members(Slotted(), Looking()) == []
    assert members(object(), Looking()) == []


def test_a_group_that_changes_while_it_is_walked_tells_what_was_there(seen: Groups) -> None:
    group: Any = sprites.Group()
    rocks = [Rock(group) for _ in range(100)]
    walk = groups.provider().nodes(Looking())
    first = next(node for node in walk if node is not None)
    for rock in rocks[:50]:
        rock.kill()
    late = [Rock(group) for _ in range(100)]
    found = [first, *walk]
    there = [node for node in found if isinstance(node, Node) and node.is_there()]
    assert [node.target for node in there] == rocks[50:]
    assert late


def test_an_engine_can_tell_the_scene_once_groups_are_seen(seen: Groups) -> None:
    assert groups.are_seen()
    assert "scene" in Pygame().can
    watched: Any = sprites.Sprite.add_internal
    sprites.Sprite.add_internal = watched.__wrapped__  # type: ignore[method-assign]
    assert "scene" not in Pygame().can
