"""Which functions are taken where one is expected."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from stagedoor import checks


class Thing:
    def none(self) -> None: ...

    def one(self, x: int) -> None: ...

    def __call__(self, x: int) -> None: ...


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return function(*arguments)

    return call


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (lambda: 1, 0),
        (lambda x: 1, 1),
        (lambda x=1: 1, 1),
        (lambda *x: 1, 1),
        (lambda x, y=1: 1, 1),
        (lambda *, x=1: 1, 0),
        (Thing().none, 0),
        (Thing().one, 1),
        (Thing(), 1),
        (Thing, 0),
        (functools.partial(lambda x, y: 1, 2), 1),
        (wrapped(lambda: 1), 0),
        ([].append, 1),
        (len, 1),
        (print, 1),
        (lambda x, y: 1, None),
        (lambda *, x: 1, None),
        (lambda x, *, y: 1, None),
        (Thing.one, None),
    ],
)
def test_a_function_is_called_with_what_it_takes(value: object, count: int | None) -> None:
    if count is None:
        with pytest.raises(TypeError, match=r"^callback must take one argument or none, not "):
            checks.function("callback", value, (1, 0), instead="")
    else:
        assert checks.function("callback", value, (1, 0), instead="") == count


async def coroutine() -> None: ...


class Waiting:
    async def __call__(self) -> None: ...


@pytest.mark.parametrize("value", [coroutine, Waiting(), functools.partial(coroutine)])
def test_one_that_must_be_awaited_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="nobody awaits an async one; do so"):
        checks.function("callback", value, (1, 0), instead="do so")
