"""How large an answer may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
import pytest

from stagedoor.wire.jsonrpc import encode_result
from stagedoor.wire.size import MAX_ANSWER, TooLargeError, check_size, check_surface

HUGE = "x" * (MAX_ANSWER + 1)


@dataclass
class Picture:
    width: int
    pixels: Any


class Frame(msgspec.Struct):
    pixels: Any


def test_an_answer_of_16_mib_fits_and_one_byte_more_does_not() -> None:
    around = len(encode_result(1, ""))
    assert len(encode_result(1, "x" * (MAX_ANSWER - around))) == MAX_ANSWER
    with pytest.raises(TooLargeError, match=r"it has 16,777,217 bytes, the most is 16,777,216"):
        encode_result(1, "x" * (MAX_ANSWER - around + 1))
    assert check_size(b"1") == b"1"


@pytest.mark.parametrize(
    "value",
    [
        HUGE,
        HUGE.encode(),
        bytearray(HUGE.encode()),
        [HUGE],
        {"picture": HUGE},
        ["x" * (MAX_ANSWER // 2), "x" * (MAX_ANSWER // 2)],
        [None] * MAX_ANSWER,
        Picture(1, HUGE),
        Frame(HUGE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_certainly_too_large_is_seen_before_it_is_encoded(value: object) -> None:
    with pytest.raises(TooLargeError, match="at least"):
        check_surface(value)


@pytest.mark.parametrize(
    "value",
    [1, None, "x", b"x", [], {}, {1: 2}, Picture(1, 2), Picture, Frame(1), object()],
    ids=lambda value: type(value).__name__,
)
def test_what_may_fit_is_not_judged(value: object) -> None:
    check_surface(value)


def test_a_tuple_that_gives_no_slices_is_looked_at_all_the_same() -> None:
    class Keys(tuple[object, ...]):  # as pygame.key.get_pressed() returns
        __slots__ = ()

        def __getitem__(self, key: object) -> NoReturn:
            raise TypeError("'slice' object cannot be interpreted as an integer")

    check_surface(Keys((True, False)))
    with pytest.raises(TooLargeError):
        check_surface(Keys(("x" * 100,)), 99)
