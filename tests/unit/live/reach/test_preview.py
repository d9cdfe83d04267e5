"""Previews: what values look like, in at most 100 characters, whatever their size."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import uuid
from collections import OrderedDict, deque, namedtuple
from types import SimpleNamespace
from typing import Any

import numpy
import pygame
import pytest

from stagedoor.live.reach.preview import preview
from stagedoor.wire.roles import Role


class Kind(enum.Enum):
    BIG = 1


class Level(enum.IntEnum):
    LOW = 1


class Meters(float):
    __slots__ = ()


class Thing:
    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)


Point = namedtuple("Point", "x y")
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
HUGE = [0] * 10_000_000

PREVIEWS: list[tuple[object, str]] = [
    (None, "None"),
    (True, "True"),
    (-3, "-3"),
    (10**200, "<a number of 665 bits>"),
    (1.5, "1.5"),
    (float("nan"), "nan"),
    (1 + 2j, "(1+2j)"),
    (Meters(2.5), "2.5"),
    ("it's", '"it\'s"'),
    ("\x1b[2J\ud800", "'\\x1b[2J\\ud800'"),
    ("x" * 10_000_000, f"'{'x' * 70}'… (10,000,000 characters)"),
    (b"abc", "b'abc'"),
    (bytes(1 << 30), f"{bytes(16)!r}… (1,073,741,824 bytes)"),
    (bytearray(b"abc"), "b'abc'"),
    (memoryview(b"abc"), "<memoryview of 3 bytes>"),
    (range(3), "range(0, 3)"),
    (range(0, 10**200, 2), "range(0, <a number of 665 bits>, 2)"),
    (..., "..."),
    (Kind.BIG, "Kind.BIG"),
    (Level.LOW, "Level.LOW"),
    (datetime.datetime(2026, 11, 28, 8), "2026-11-28T08:00:00"),
    (datetime.date(2026, 11, 28), "2026-11-28"),
    (datetime.timedelta(seconds=90), "0:01:30"),
    (decimal.Decimal("1.10"), "1.10"),
    (decimal.Decimal(10) ** 100_000 + 1, "1.000000000000000000000000000E+100000"),
    (decimal.Decimal("1" * 10_000), "<a long Decimal>"),
    (fractions.Fraction(1, 3), "1/3"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ([], "[]"),
    ([1, "a", [2], {}], "[1, 'a', […], {…}]"),
    ([1] * 7, "[1, 1, 1, 1, 1, 1, … (7 in all)]"),
    (HUGE, "[0, 0, 0, 0, 0, 0, … (10,000,000 in all)]"),
    (DEEP, "[[…]]"),
    ((1,), "(1,)"),
    ((), "()"),
    ({"a": 1, (2, 3): [4]}, "{'a': 1, (2, 3): […]}"),
    (set(), "set()"),
    ({1}, "{1}"),
    (frozenset({1}), "frozenset{1}"),
    (deque([1]), "deque[1]"),
    (OrderedDict(a=1), "OrderedDict{'a': 1}"),
    (Point(1, 2), "Point(1, 2)"),
    (pygame.Vector2(1, 2.25), "Vector2(1, 2.25)"),
    (Thing(x=1 / 3, at=pygame.Vector2(1 / 3)), "Thing(x=0.333333, at=Vector2(0.333333, 0.333333))"),
    (pygame.Rect(1, 2, 3, 4), "Rect(1, 2, 3, 4)"),
    (pygame.Color("red"), "Color(255, 0, 0, 255)"),
    (numpy.int8(3), "3"),
    (numpy.float32(1.5), "1.5"),
    (numpy.longdouble(1.5), "<numpy.longdouble>"),
    (numpy.zeros((2, 3)), "<ndarray float64, 2 x 3, 48 bytes> [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]"),
    (numpy.zeros((1000, 1000)), "<ndarray float64, 1000 x 1000, 8,000,000 bytes>"),
    (numpy.zeros(3, dtype=[("a", "i4")]), "<ndarray record, 3, 12 bytes>"),
    (SimpleNamespace(a=1, b="x", c=[1]), "SimpleNamespace(a=1, b='x', …)"),
    (Thing(), f"<{__name__}.Thing>"),
    (object(), "<object>"),
    (len, "<function len>"),
    (Thing, f"<class {__name__}.Thing>"),
    (datetime, "<module datetime>"),
    (lambda: 1, "<function <lambda>>"),
    (pygame.Surface((1, 1)), "<pygame.surface.Surface>"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    PREVIEWS,
    ids=[f"{n}-{type(v).__name__}" for n, (v, _) in enumerate(PREVIEWS)],
)
def test_a_preview_is_short_and_ours(value: object, text: str) -> None:
    found = preview(value, Role.VIEWER)
    assert found == text
    assert len(found) <= 100


@pytest.mark.parametrize(
    "value",
    [
        ["x" * 1000] * 10,
        {"x" * 1000: "y" * 1000},
        Thing(**{"n" * 500: "v" * 500, "m" * 500: 1}),
        type("T" * 5000, (), {})(),
        [type("T" * 5000, (), {})()] * 10,
        Thing(**{f"name{n}": "value" for n in range(100)}),
        {(("deep",) * 100,) * 100: 1},
    ],
    ids=range(7),
)
def test_what_is_long_is_cut(value: object) -> None:
    assert 0 < len(preview(value, Role.ADMIN)) <= 100


def test_a_list_that_contains_itself_is_no_trap() -> None:
    value: list[Any] = []
    value.append(value)
    assert preview(value, Role.VIEWER) == "[[…]]"
