"""Whether a condition holds; no code of the game runs for it."""

from __future__ import annotations

import enum
from collections import deque
from typing import Any

import numpy
import pygame
import pytest

from stagedoor.live.domains.triggers.reading import Unreadable, holds
from stagedoor.live.language.condition import parse_condition
from stagedoor.live.language.path import Path
from stagedoor.live.language.selector import Selector


class Trap:
    """Nothing of it may run."""

    def _trap(self, *_: object) -> Any:
        raise AssertionError("code of the game ran")

    __eq__ = __lt__ = __gt__ = __bool__ = __len__ = __contains__ = __hash__ = _trap  # type: ignore[assignment]
    __str__ = __repr__ = __iter__ = __getattr__ = _trap  # type: ignore[assignment]


class TrapInt(int):
    __eq__ = __lt__ = __gt__ = __bool__ = __index__ = __int__ = Trap._trap  # type: ignore[assignment]
    __hash__ = int.__hash__


class TrapList(list[int]):
    __len__ = __bool__ = __iter__ = Trap._trap  # type: ignore[assignment]


class TrapText(str):
    __eq__ = __lt__ = __len__ = __str__ = casefold = Trap._trap  # type: ignore[assignment]
    __hash__ = str.__hash__


class TrapGroup(pygame.sprite.Group):  # type: ignore[type-arg]
    __len__ = __bool__ = __iter__ = sprites = Trap._trap  # type: ignore[assignment]


class Colour(enum.IntEnum):
    RED = 1


VALUES: dict[str, Any] = {
    "three": 3,
    "half": 0.5,
    "yes": True,
    "no": False,
    "nothing": None,
    "name": "Boss",
    "rocks": [1, 2, 3],
    "empty": [],
    "queue": deque([1]),
    "config": {"a": 1},
    "trap": Trap(),
    "trap_int": TrapInt(3),
    "trap_list": TrapList([1, 2]),
    "trap_text": TrapText("boss"),
    "colour": Colour.RED,
    "nan": float("nan"),
    "single": pygame.sprite.GroupSingle(pygame.sprite.Sprite()),
    "numbers": numpy.zeros(3),
    "nobody": pygame.sprite.GroupSingle(),
    "group": TrapGroup(pygame.sprite.Sprite(), pygame.sprite.Sprite()),
}


class Look:
    def value(self, path: Path, /) -> object:
        if path.steps or path.root not in VALUES:
            raise Unreadable("there is no such thing")
        return VALUES[path.root]

    def count(self, selector: Selector, most: int | None, /) -> int:
        return {"Enemy": 2, "Nobody": 0}[selector.steps[0].type or "Nobody"]


def ask(text: str) -> tuple[bool, list[str]]:
    problems: list[str] = []
    return holds(parse_condition(text), Look(), problems.append), problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("three == 3", True),
        ("three > 3", False),
        ("three >= 3.0", True),
        ("0 < half", True),
        ("half < three", True),
        ("yes", True),
        ("no", False),
        ("not no", True),
        ("nothing", False),
        ("nothing == None", True),
        ("nothing != None", False),
        ("nothing < 3", False),
        ("nothing != 3", True),
        ("name", True),
        ('name == "Boss"', True),
        ('name ~ "oss"', True),
        ('name ~ "BOSS"', True),
        ("name == 3", False),
        ("name < 3", False),
        ("name != 3", True),
        ("three ~ 3", False),
        ("len(rocks) > 2", True),
        ("len(rocks) > 3", False),
        ("len(empty) == 0", True),
        ("len(queue) == 1", True),
        ("len(config) == 1", True),
        ("len(name) == 4", True),
        ("rocks", True),
        ("empty", False),
        ("trap", True),
        ("trap_int == 3", True),
        ("trap_int", True),
        ("len(trap_list) == 2", True),
        ("trap_list", True),
        ('trap_text == "boss"', True),
        ('trap_text ~ "OS"', True),
        ("len(trap_text) == 4", True),
        ("colour == 1", True),
        ('colour == "RED"', True),
        ('"RED" == colour', True),
        ("colour", True),
        ("nan == nan", False),
        ("nan < 1", False),
        ("len(group) == 2", True),
        ("len(single) == 1", True),
        ("len(nobody) == 0", True),
        ("group", True),
        ("nobody", False),
        ("numbers", True),
        ("len(numbers) == 3", True),
        ("Enemy[hp<0]", True),
        ("Nobody[hp<0]", False),
        ("len(Enemy[hp<0]) == 2", True),
        ("not Nobody[hp<0]", True),
        ("yes and three == 3", True),
        ("yes and no", False),
        ("no or yes", True),
        ("no or no", False),
        ("no and no or yes", True),
        ("no and (no or yes)", False),
    ],
)
def test_a_condition_holds_or_not(text: str, expected: bool) -> None:
    assert ask(text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "expected", "problem"),
    [
        ("gone", False, "there is no such thing"),
        ("gone > 3", False, "there is no such thing"),
        ("not gone", True, "there is no such thing"),
        ("gone or yes", True, "there is no such thing"),
        ("trap > 3", False, f"trap is a {__name__}.Trap: it is no number, text, bool or None"),
        ("rocks == 3", False, "rocks is a list: it is no number, text, bool or None"),
        ("len(three) > 1", False, "three: the length of an int is not known"),
        ("len(trap) > 1", False, f"trap: the length of a {__name__}.Trap is not known"),
        ("len(gone) > 1", False, "there is no such thing"),
    ],
)
def test_what_cannot_be_read_is_false_and_told(text: str, expected: bool, problem: str) -> None:
    assert ask(text) == (expected, [problem])
