"""User callbacks: checked when they are set."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from stagedoor.live.net.handlers import with_argument, without_argument


class Methods:
    def one(self, data: object) -> object:
        return ("one", data)

    def none(self) -> object:
        return "none"

    @staticmethod
    def static(data: object) -> object:
        return ("static", data)

    def __call__(self, data: object) -> object:
        return ("called", data)


ACCEPTED: dict[str, tuple[Any, object]] = {
    "one parameter": (lambda data: ("got", data), ("got", 5)),
    "none": (lambda: "nothing", "nothing"),
    "an optional one": (lambda data=None: data, 5),
    "one and an optional one": (lambda data, more=7: (data, more), (5, 7)),
    "any number": (lambda *data: data, (5,)),
    "only keywords with defaults": (lambda *, more=7: more, 7),
    "a method": (Methods().one, ("one", 5)),
    "a method without a parameter": (Methods().none, "none"),
    "a static method": (Methods.static, ("static", 5)),
    "an object that can be called": (Methods(), ("called", 5)),
    "a class": (str, "5"),
    "a partial that has it all": (functools.partial(lambda a: a, 8), 8),
    "a partial that lacks one": (functools.partial(lambda a, b: (a, b), 1), (1, 5)),
    "a builtin": (abs, 5),
    "a builtin without a signature": (max, None),
}


@pytest.mark.parametrize(("handler", "result"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_with_argument_calls_with_it_or_without_it_as_the_handler_takes(
    handler: Any, result: object
) -> None:
    checked = with_argument(handler, "ontext")
    assert checked is not None
    if result is not None:
        assert checked(5) == result


def test_a_handler_that_takes_the_argument_is_called_directly() -> None:
    def handler(data: object) -> None: ...

    assert with_argument(handler, "ontext") is handler


def test_how_it_is_called_is_decided_once() -> None:
    calls: list[str] = []

    def handler() -> None:
        calls.append("called")
        raise TypeError("handler() takes 0 positional arguments but 1 was given")

    checked = with_argument(handler, "ontext")
    assert checked is not None
    with pytest.raises(TypeError, match="takes 0"):
        checked(5)
    assert calls == ["called"], "its own TypeError is not taken for a wrong signature"


def test_none_stays_none() -> None:
    assert with_argument(None, "ontext") is None
    assert without_argument(None, "onconnect") is None


async def coroutine(data: object = None) -> None: ...


class AsyncCallable:
    async def __call__(self, data: object = None) -> None: ...


@pytest.mark.parametrize("check", [with_argument, without_argument])
@pytest.mark.parametrize("value", [5, "print", [], object(), False])
def test_what_cannot_be_called_is_a_type_error_that_names_the_handler(
    check: Any, value: object
) -> None:
    with pytest.raises(TypeError, match="ontext must be callable or None, not "):
        check(value, "ontext")


@pytest.mark.parametrize("check", [with_argument, without_argument])
@pytest.mark.parametrize(
    "value",
    [coroutine, functools.partial(coroutine, 1), AsyncCallable()],
    ids=["function", "partial", "object"],
)
def test_an_async_handler_is_a_type_error_that_says_what_to_do(check: Any, value: object) -> None:
    with pytest.raises(TypeError, match=r"onclose must be a plain function.*create_task"):
        check(value, "onclose")


@pytest.mark.parametrize(
    "handler",
    [lambda a, b: None, lambda *, needed: None, functools.partial(lambda a, b, c: None, 1)],
    ids=["two parameters", "a keyword", "a partial that lacks two"],
)
def test_a_handler_that_needs_more_is_a_type_error(handler: Any) -> None:
    with pytest.raises(TypeError, match="ontext must take one argument or none"):
        with_argument(handler, "ontext")


@pytest.mark.parametrize("handler", [lambda data: None, lambda *, needed: None])
def test_without_argument_refuses_a_handler_that_needs_one(handler: Any) -> None:
    with pytest.raises(TypeError, match="onconnect must take"):
        without_argument(handler, "onconnect")


def test_without_argument_takes_a_handler_that_has_a_default() -> None:
    handler = without_argument(lambda data=7: data, "onconnect")
    assert handler is not None
    assert handler() == 7
