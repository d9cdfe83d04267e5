"""Values of the standard library, to JSON and back."""

import array
import collections
import os
import typing
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePath
from types import MappingProxyType, SimpleNamespace
from typing import Any

import msgspec
import pytest

from stagedoor.live import values
from stagedoor.live.values.kind import MAX_ITEMS


class Name(str):
    __slots__ = ()


class Metres(float):
    pass


class Place(typing.NamedTuple):
    x: int
    y: int


class Size(Enum):
    BIG = (3, 4)


class Grid(collections.UserDict[Any, Any]):
    pass


@dataclass
class Ship:
    trail: collections.deque[int]


def encoded(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=values.encode))


def decoded(hint: Any, text: str) -> Any:
    return msgspec.json.decode(text, type=hint, dec_hook=values.decode)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (collections.deque([1, collections.deque([2])]), [1, [2]]),
        (PurePath("a/b"), "a/b"),
        (Path(os.fsdecode(b"caf\xe9")), "caf\\udce9"),
        ({Path("a"): 1}, {"a": 1}),
        (collections.ChainMap({"a": 1}, {"b": 2}), {"a": 1, "b": 2}),
        (Grid(a=1), {"a": 1}),
        (MappingProxyType({"a": Path("b")}), {"a": "b"}),
        (collections.UserList([1]), [1]),
        (collections.UserString("x"), "x"),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (range(3), [0, 1, 2]),
        ({"a": 1}.keys(), ["a"]),
        ({"a": 1}.values(), [1]),
        ({"a": 1}.items(), [["a", 1]]),
        (array.array("i", [1, 2]), [1, 2]),
        (SimpleNamespace(x=1, at=Path("b")), {"x": 1, "at": "b"}),
        (1 + 2j, [1, 2]),
        (Fraction(1, 3), "1/3"),
        (Name("x"), "x"),
        (Metres(1.5), 1.5),
        (Size.BIG, [3, 4]),
        (Ship(collections.deque([1])), {"trail": [1]}),
        ({(1, 2): "rock"}, {"(1, 2)": "rock"}),
        ({Place(1, 2): "rock"}, {"Place(x=1, y=2)": "rock"}),
        ({None: 1, True: 2}, {"None": 1, "True": 2}),
    ],
)
def test_it_is_sent(value: object, expected: object) -> None:
    assert encoded(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (object(), "object is not known to JSON; see stage.encoder()"),
        (ValueError("x"), "ValueError is not known to JSON; see stage.encoder()"),
        (range(MAX_ITEMS + 1), f"range has {MAX_ITEMS + 1} items; at most {MAX_ITEMS} are sent"),
    ],
)
def test_what_cannot_be_sent_says_why(value: object, expected: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        encoded(value)
    assert str(raised.value) == expected


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        (collections.deque, '["a"]', collections.deque(["a"])),
        (collections.deque[int], "[1]", collections.deque([1])),
        (collections.deque[Path], '["a"]', collections.deque([Path("a")])),
        (Path, '"a/b"', Path("a/b")),
        (Path | None, "null", None),
        (collections.Counter[str], '{"a": 2}', collections.Counter("aa")),
        (collections.OrderedDict[str, int], '{"a": 1}', collections.OrderedDict(a=1)),
        (collections.defaultdict[str, list[int]], '{"a": [1]}', {"a": [1]}),
        (complex, "[1, 2]", 1 + 2j),
        (Fraction, '"1/3"', Fraction(1, 3)),
        (Name, '"x"', Name("x")),
        (Ship, '{"trail": [1]}', Ship(collections.deque([1]))),
    ],
)
def test_it_is_taken(hint: Any, text: str, expected: object) -> None:
    found = decoded(hint, text)
    assert found == expected
    assert type(found) is type(expected) or hint is not Name


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (collections.deque[int], '["a"]'),
        (collections.deque, "1"),
        (Path, "1"),
        (Path, '"a\\u0000b"'),
        (collections.Counter[str], '{"a": "b"}'),
        (complex, "[1]"),
        (Fraction, '"1/0"'),
        (Fraction, '"one"'),
        (Name, "1"),
        (Grid, "{}"),
    ],
)
def test_what_cannot_be_taken_is_refused(hint: Any, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decoded(hint, text)


def test_a_hint_is_known_or_not() -> None:
    assert values.can_decode(collections.deque[int])
    assert not values.can_decode(range)
    assert not values.can_decode(object)


def test_a_default_dict_has_a_default() -> None:
    found = decoded(collections.defaultdict[str, int], '{"a": 1}')
    assert found["b"] == 0


def test_schemas() -> None:
    described, _ = msgspec.json.schema_components(
        [collections.deque[int], Path, complex], schema_hook=values.schema
    )
    assert described == (
        {"type": "array", "items": {}},
        {"type": "string"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    )
    with pytest.raises(NotImplementedError):
        values.schema(object)
