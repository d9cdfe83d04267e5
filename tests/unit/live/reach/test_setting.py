"""What JSON can tell of a value, and what it cannot."""

from __future__ import annotations

import numpy
import pytest

from stagedoor.live.reach import rules
from stagedoor.live.reach.setting import LONGEST_TEXT, UNKNOWN, as_json


class LongName(str):
    """As a key."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        numpy.longdouble(1.5),
        numpy.clongdouble(1.5),
        numpy.array([1.5], dtype=numpy.longdouble),
        "x" * (LONGEST_TEXT + 1),
        {"x" * (LONGEST_TEXT + 1): 1},
        [[{"x" * LONGEST_TEXT: "x"}]],
        [1, object()],
    ],
    ids=["longdouble", "clongdouble", "longdoubles", "text", "key", "keys inside", "object"],
)
def test_what_is_large_or_no_json_is_not_told(value: object) -> None:
    assert as_json(value) is UNKNOWN


@pytest.mark.parametrize("key", ["x" * 10**6, LongName("x" * 10**6), b"x" * 10**6])
def test_of_a_long_key_only_the_beginning_is_looked_at(key: object) -> None:
    assert len(rules.name_of_key(key) or "") == 1000
