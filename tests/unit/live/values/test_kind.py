"""`unnamed()`: what a name for a hint stands for, and values for hints with such names."""

from __future__ import annotations

from collections import deque
from typing import Any, TypeVar

import pytest
from typing_extensions import TypeAliasType

from stagedoor.live import values
from stagedoor.live.values.kind import type_in, unnamed

A = TypeVar("A")
B = TypeVar("B")
Trail = TypeAliasType("Trail", deque[int])
Named = TypeAliasType("Named", Trail)
Line = TypeAliasType("Line", deque[A], type_params=(A,))
Turned = TypeAliasType("Turned", dict[B, A], type_params=(A, B))


@pytest.mark.parametrize(
    ("hint", "meant"),
    [
        (int, int),
        (deque[int], deque[int]),
        (Trail, deque[int]),
        (Named, deque[int]),
        (Line[float], deque[float]),
        (Line, deque[A]),
        (Turned[int, str], dict[str, int]),
        (list[Trail], list[Trail]),
    ],
)
def test_what_a_name_stands_for(hint: Any, meant: Any) -> None:
    assert unnamed(hint) == meant


def test_the_type_of_a_hint_that_has_none_is_object() -> None:
    assert type_in(unnamed(Trail)) is deque
    assert type_in("Rock") is object


@pytest.mark.parametrize("hint", [Trail, Named, Line[int]])
def test_values_for_a_name_are_checked_like_those_for_what_it_stands_for(hint: Any) -> None:
    assert values.can_decode(hint)
    assert values.decode(hint, [1, 2]) == deque([1, 2])
    with pytest.raises(ValueError, match="int"):
        values.decode(hint, ["x"])
    assert values.schema(hint) == values.schema(deque[int])
