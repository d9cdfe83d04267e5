"""`compare()`: what is less, equal and contained, for values of any two kinds."""

from __future__ import annotations

import itertools

import pytest

from stagedoor.live.language.comparison import (
    OPERATORS,
    Literal,
    compare,
    literal_text,
    parse_literal,
)
from stagedoor.live.language.tokens import Tokens

HOLDS: list[tuple[Literal, str, Literal]] = [
    (1, "<", 2),
    (1, "<", 1.5),
    (2, ">=", 2),
    (2, "!=", 3),
    (1, "==", 1.0),
    (True, "==", 1),
    ("a", "<", "b"),
    ("a", "==", "a"),
    ("New Game", "~", "game"),
    (None, "==", None),
    ("1", "!=", 1),
    (None, "!=", 0),
    (0, "!=", None),
    (float("nan"), "!=", float("nan")),
]
FAILS: list[tuple[Literal, str, Literal]] = [
    (2, "<", 1),
    ("1", "==", 1),
    ("1", "<", 2),
    (None, "<", 1),
    (None, "<=", None),
    (None, "==", 0),
    (None, "!=", None),
    (12, "~", 1),
    (None, "~", None),
    ("game", "~", "New Game"),
    (float("nan"), "==", float("nan")),
]


@pytest.mark.parametrize(("left", "symbol", "right"), HOLDS)
def test_it_holds(left: Literal, symbol: str, right: Literal) -> None:
    assert compare(left, symbol, right) is True


@pytest.mark.parametrize(("left", "symbol", "right"), FAILS)
def test_it_does_not_hold(left: Literal, symbol: str, right: Literal) -> None:
    assert compare(left, symbol, right) is False


def test_no_two_values_make_it_raise() -> None:
    values: list[Literal] = [0, -1.5, True, None, "", "a", float("inf"), float("nan"), 10**400]
    for left, right in itertools.product(values, values):
        for symbol in OPERATORS:
            assert isinstance(compare(left, symbol, right), bool)


@pytest.mark.parametrize("value", [0, -3, 1.5, -1e-9, 1e300, "", 'a "b"\n', True, False, None])
def test_a_literal_is_written_as_it_is_read(value: Literal) -> None:
    tokens = Tokens(literal_text(value))
    assert parse_literal(tokens) == value
    tokens.expect_end()
