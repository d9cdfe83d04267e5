"""Every number that a built-in method takes has bounds, and one beyond them is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.inspect import Field, FloatType, IntType, Type, type_info
from tests.unit.live.rpc.fakes import connect, new_hub, parts_of

from stagedoor.live.domains import DOMAINS
from stagedoor.live.domains.frame import BatchCall
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.signature import Signature

OTHERS: dict[str, Any] = {
    "calls": [],
    "id": 1,
    "key": "a",
    "level": 10,
    "name": "ship.thrust",
    "path": "world",
    "root": "world",
    "scale": 1.0,
    "seconds": 0.001,
    "selector": "*",
    "subscription": 1,
    "to_x": 1,
    "to_y": 1,
    "topic": "logs",
    "value": 1,
    "x": 1,
    "y": 1,
}
"""Values for params that must be given."""
FAR = [2**64, -(2**64), 2**63, -(2**63) - 1, 10**30, -(10**30), 1.5e308, -1.5e308]
"""Beyond the bounds of most."""


def hub() -> Hub:
    hub = new_hub()
    parts = parts_of(hub)
    for domain in DOMAINS:
        domain.add_to(parts)
    return hub


def numbers_in(info: object) -> Iterator[IntType | FloatType]:
    """The number types in a hint, at any depth."""
    pending, seen = [info], set[int]()
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, IntType | FloatType):
            yield item
        elif isinstance(item, Type | Field):
            pending += [getattr(item, name) for name in item.__struct_fields__]
        elif isinstance(item, tuple):
            pending += item


def is_bounded(number: IntType | FloatType) -> bool:
    return (number.ge is not None or number.gt is not None) and (
        number.le is not None or number.lt is not None
    )


def without_bounds(signature: Signature) -> list[str]:
    """The names of the params that take a number without bounds."""
    return [
        parameter.name
        for parameter, hint in signature.parameters
        if not all(map(is_bounded, numbers_in(type_info(hint))))
    ]


NUMBERS = [
    (method.name, parameter.name)
    for method in hub().methods
    for parameter, hint in method.signature.parameters
    if any(True for _ in numbers_in(type_info(hint)))
]


def test_there_are_some() -> None:
    assert ("frame.batch", "at") in NUMBERS
    assert ("logs.history", "since") in NUMBERS
    assert len(NUMBERS) > 20


@pytest.mark.parametrize("name", [method.name for method in hub().methods])
def test_of_every_built_in_method(name: str) -> None:
    assert without_bounds(hub().methods.by_name[name].signature) == []


class Deep(msgspec.Struct):
    """A number inside something else."""

    inner: list[dict[str, int]]


def test_the_check_looks_everywhere() -> None:
    def method(a: int, b: float | None, c: Deep, d: str | list[int], e: BatchCall) -> None: ...

    assert without_bounds(Signature(method)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("name", "param"), NUMBERS)
def test_what_is_beyond_is_invalid_and_the_error_says_where(name: str, param: str) -> None:
    one = hub()
    connection = connect(one)
    method = one.methods.by_name[name]
    needed = {
        parameter.name: OTHERS[parameter.name]
        for parameter, _ in method.signature.parameters
        if parameter.default is parameter.empty
    }
    refused = 0
    for value in FAR:
        answer = connection.call(name, needed | {param: value})
        if (name, param) == ("rpc.cancel", "id") and "result" in answer:
            continue  # an id may be any number that a float can be
        refused += 1
        assert answer["error"]["code"] == -32602, value
        assert answer["error"]["data"]["path"] == f"$.{param}"
    assert refused > 3
