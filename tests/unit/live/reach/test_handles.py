"""The root `scene`: objects by handles, for those to which no other path leads."""

from __future__ import annotations

import gc
import sys
from typing import Any

import pygame
import pytest

from stagedoor.live.reach import handles
from stagedoor.live.reach.faults import Closed, Misfit, Missing
from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.members import attributes
from stagedoor.live.reach.node import children_of, node_at, node_of_root
from stagedoor.live.reach.plain import MISSING
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.setting import put
from stagedoor.live.reach.walk import resolve, resolve_place
from stagedoor.wire.roles import Role


class Ball:
    def __init__(self, x: float = 1.0) -> None:
        self.x = x
        self.password = "hunter2"
        self._inside = 5

    @property
    def speed(self) -> int:
        raise AssertionError("code of the game has run")


class _Brick(Ball):
    """Its name is Python's way to say that it is of this module."""


class Token(Ball):
    """Named like a secret."""


class Place(pygame.Vector2):
    pass


class Slotted:
    __slots__ = ("x",)


class Hostile:
    def __getattribute__(self, name: str) -> Any:
        raise ZeroDivisionError

    __eq__ = __hash__ = __bool__ = __len__ = None  # type: ignore[assignment]


def path_to(roots: Roots, value: object, role: Role = Role.VIEWER) -> str | None:
    path = roots.path_on_screen(value, role)
    return None if path is None else str(path)


def test_an_object_keeps_its_handle_while_it_lives_and_no_other_gets_it() -> None:
    roots, ball, other = Roots(), Ball(), Ball()
    assert [path_to(roots, one) for one in (ball, other, ball)] == [
        'scene["Ball#1"]',
        'scene["Ball#2"]',
        'scene["Ball#1"]',
    ]
    del ball
    gc.collect()
    with pytest.raises(Missing, match=r'scene\["Ball#1"\] is gone'):
        resolve(roots, 'scene["Ball#1"].x', Role.ADMIN)
    assert path_to(roots, Ball()) == 'scene["Ball#3"]'


def test_what_is_at_a_handle_is_read_and_set_by_the_rules() -> None:
    roots, ball = Roots(), Ball()
    path = path_to(roots, ball)
    assert resolve(roots, f"{path}.x", Role.VIEWER) == 1.0
    put(resolve_place(roots, f"{path}.x", Role.OPERATOR), 3)
    assert ball.x == 3.0
    for hidden in ("password", "_inside", "__class__", "speed"):
        with pytest.raises(Closed):
            assert resolve(roots, f"{path}.{hidden}", Role.OPERATOR) is None
    assert resolve(roots, f"{path}._inside", Role.ADMIN) == 5


def test_the_objects_are_fixed() -> None:
    roots, place = Roots(), Place(1, 2)
    found = resolve_place(roots, str(path_to(roots, place)), Role.ADMIN)
    assert node_at(found, Role.ADMIN).can_set is False
    with pytest.raises(Misfit, match="fixed"):
        put(found, [3, 4], evaluate=True)
    assert place == (1, 2)


@pytest.mark.parametrize(
    ("value", "viewer", "admin"),
    [
        (_Brick(), 'scene["Brick#1"]', 'scene["Brick#1"]'),
        (Token(), None, 'scene["Token#1"]'),
        (Hostile(), 'scene["Hostile#1"]', 'scene["Hostile#1"]'),
        (Slotted(), None, None),
        ([1], None, None),
        (Ball, None, None),
        (sys, None, None),
        (Roots(), None, None),
        (len, None, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_may_have_a_path_to_what(value: Any, viewer: str | None, admin: str | None) -> None:
    for role, expected in ((Role.VIEWER, viewer), (Role.ADMIN, admin)):
        assert (path_to(Roots(), value, role) == expected) is True
    roots = Roots()
    path_to(roots, value, Role.ADMIN)
    if admin is not None and viewer is None:
        with pytest.raises(Closed):
            resolve(roots, admin, Role.VIEWER)


def test_the_root_is_listed_once_it_leads_somewhere() -> None:
    roots, ball = Roots(), Ball()
    assert (list(roots), len(roots)) == ([], 0)
    path_to(roots, ball)
    (root,) = roots
    node = node_of_root(root, Role.VIEWER)
    assert (node.path, node.kind, node.indexed, node.named) == ("scene", "dict", 1, 0)
    assert node.preview == "1 on the screen"
    assert (node.held, node.can_set, node.can_expand) == (False, False, True)
    found = [child for child in children_of(root.value, Role.VIEWER, is_root=True) if child]
    assert [str(child.step) for child in found] == ['["Ball#1"]']
    assert found[0].found.value is ball
    del found, ball
    assert list(roots) == []


@pytest.mark.parametrize("name", ["give", "_found", "_handles", "items", "__class__"])
def test_nothing_of_the_root_itself_is_reached(name: str) -> None:
    roots, ball = Roots(), Ball()
    path_to(roots, ball)
    assert list(attributes(roots.get("scene").value, is_root=True, every=True)) == []  # type: ignore[union-attr]
    with pytest.raises((Missing, Closed)):
        resolve(roots, f"scene.{name}", Role.ADMIN, evaluate=True)


@pytest.mark.parametrize("step", ["[0]", "[-1]", '["Ball"]', '{"Ball#1"}', "[None]", "[@0x1]"])
def test_only_a_handle_leads_on(step: str) -> None:
    roots, ball = Roots(), Ball()
    path_to(roots, ball)
    with pytest.raises(Missing):
        resolve(roots, f"scene{step}", Role.ADMIN)


def test_a_game_may_have_the_name_for_itself() -> None:
    roots, ball, own = Roots(), Ball(), Ball(7.0)
    path = path_to(roots, ball)
    roots.expose("scene", own)
    assert resolve(roots, "scene.x", Role.VIEWER) == 7.0
    assert path_to(roots, ball) is None
    assert [root.name for root in roots] == ["scene"]
    roots.unexpose("scene")
    assert path_to(roots, ball) == path


def test_handles_that_are_no_root_are_a_leaf() -> None:
    roots, ball = Roots(), Ball()
    ball.__dict__["inner"] = Handles()
    path = path_to(roots, ball)
    with pytest.raises(Closed, match="no path goes through"):
        resolve(roots, f"{path}.inner.give", Role.ADMIN)


def test_there_are_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handles, "MOST", 2)
    those, balls = Handles(), [Ball(), Ball(), Ball()]
    assert [those.give(ball) for ball in balls] == ["Ball#1", "Ball#2", None]
    del balls[0]
    gc.collect()
    assert [those.give(ball) for ball in balls] == ["Ball#2", "Ball#3"]
    assert those.get("Ball#1") is MISSING
