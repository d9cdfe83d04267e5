"""Where params are wrong: the path to the value, and names that are unknown."""

from __future__ import annotations

import enum
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypeVar,
)

import msgspec
import pytest
from msgspec import Meta
from typing_extensions import TypedDict

from stagedoor.live.rpc.hints import shape_of
from stagedoor.live.rpc.shape import find_fault, find_stranger, step_of
from stagedoor.live.rpc.signature import Signature
from stagedoor.wire.errors import InvalidParams

T = TypeVar("T")
Hits = NewType("Hits", int)


class Kind(enum.Enum):
    BIG = "big"


@dataclass
class Rock:
    kind: Kind = Kind.BIG
    size: float = 1.0
    parts: list[Rock] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("a size is positive - at `$.elsewhere`")


@dataclass(frozen=True)
class Still:
    x: int


@dataclass
class Box(Generic[T]):
    content: T


class Point(msgspec.Struct, rename="camel"):
    pos_x: float
    pos_y: float = 0.0


class Row(msgspec.Struct, array_like=True):
    a: int
    b: str


class Pair(NamedTuple):
    a: int
    b: str


class Cat(msgspec.Struct, tag=True):
    lives: int


class Dog(msgspec.Struct, tag=True):
    bones: int


class Options(TypedDict):
    volume: int
    title: NotRequired[str]


WRONG: list[tuple[Any, Any, str]] = [
    (int, "5", ""),
    (Hits, "5", ""),
    (list[int], [1, 2, "3", "4"], "[2]"),
    (list[int], {}, ""),
    (Sequence[list[int]], [[1], [2, None]], "[1][1]"),
    (tuple[int, str], [1, 2], "[1]"),
    (tuple[int, str], [1], ""),
    (tuple[int, ...], [1, 2, 3.5], "[2]"),
    (set[int], [1, 2, "x"], "[2]"),
    (set, [1, [2]], "[1]"),
    (set[Any], [{"a": 1}], "[0]"),
    (frozenset, [[], 1], "[0]"),
    (set[Still], [{"x": 1}, {"x": "1"}], "[1].x"),
    (set[Rock], [{}], "[0]"),
    (dict[str, int], {"al": 1, "bo": "x"}, ".bo"),
    (dict[str, int], {"al b": "x"}, '["al b"]'),
    (dict[str, int], {'"]': "x"}, '["\\"]"]'),
    (dict[int, str], {"1": "a", "x": "b"}, ".x"),
    (dict[Kind, int], {"big": 1, "huge": 2}, ".huge"),
    (dict[Literal["a"], int], {"b": 1}, ".b"),
    (dict[int, list[int]], {"1": [1, "2"]}, '["1"][1]'),
    (Rock, {"kind": "big", "size": "large"}, ".size"),
    (Rock, {"size": -1}, ""),
    (Rock, {"parts": [{}, {"parts": [{"size": -2}]}]}, ".parts[1].parts[0]"),
    (Rock | None, {"kind": "huge"}, ".kind"),
    (list[int] | None, ["x"], "[0]"),
    (list[Rock] | int, [{}, {"size": None}], "[1].size"),
    (Rock | int, "x", ""),
    (Point, {"posX": 1, "posY": "2"}, ".posY"),
    (Point, {"posY": 1}, ""),
    (Row, [1, 2], "[1]"),
    (Pair, [1, 2], "[1]"),
    (Cat | Dog, {"type": "Dog", "bones": "many"}, ".bones"),
    (Cat | Dog, {"type": "Bird"}, ".type"),
    (Options, {"volume": 1, "title": 2}, ".title"),
    (Box[int], {"content": "x"}, ".content"),
    (Box[list[Rock]], {"content": [{"size": "x"}]}, ".content[0].size"),
    (Annotated[int, Meta(ge=1)], 0, ""),
    (list[Annotated[int, Meta(ge=1)]], [1, 0], "[1]"),
    (Annotated[list[int], Meta(max_length=2)], [1, 2, 3], ""),
    (Annotated[dict[str, int], Meta(examples=[{"a": 1}])], {"b": "x"}, ".b"),
]


@pytest.mark.parametrize("where", ["by name", "by position"])
@pytest.mark.parametrize(("hint", "value", "path"), WRONG, ids=str)
def test_the_path_leads_to_what_is_wrong(hint: Any, value: Any, path: str, where: str) -> None:
    def function(ok: int, value):  # type: ignore[no-untyped-def]
        raise AssertionError("not called")

    function.__annotations__["value"] = hint
    params = {"ok": 1, "value": value} if where == "by name" else [1, value]
    with pytest.raises(InvalidParams) as raised:
        Signature(function).decode(json.dumps(params).encode())
    assert raised.value.path == ("$.value" if where == "by name" else "$[1]") + path
    assert raised.value.reason


STRANGE: list[tuple[Any, Any, str, str]] = [
    (Rock, {"sise": 1}, "", "there is no field 'sise' (did you mean 'size'?); expected kind"),
    (Rock, {"colour": 1}, "", "there is no field 'colour'; expected kind, size, parts"),
    (Rock, {"parts": [{}, {"": 1}]}, ".parts[1]", "there is no field ''"),
    (list[Rock], [{"x" * 1000: 1}], "[0]", f"'{'x' * 100}…'"),
    (Rock | None, {"sise": 1}, "", "'sise'"),
    (dict[str, Rock], {"a b": {"sise": 1}}, '["a b"]', "'sise'"),
    (tuple[int, Rock], [1, {"sise": 1}], "[1]", "'sise'"),
    (Point, {"posX": 1, "pos_x": 1}, "", "(did you mean"),
    (Cat | Dog, {"type": "Dog", "bones": 1, "lives": 1}, "", "expected bones"),
    (Options, {"volume": 1, "tilte": 2}, "", "did you mean 'title'"),
    (Box[Rock], {"content": {"sise": 1}}, ".content", "'sise'"),
]


@pytest.mark.parametrize(("hint", "value", "path", "reason"), STRANGE, ids=str)
def test_names_that_are_unknown_are_refused(hint: Any, value: Any, path: str, reason: str) -> None:
    with pytest.raises(InvalidParams) as raised:
        Signature(taking(hint)).decode(json.dumps({"value": value}).encode())
    assert raised.value.path == f"$.value{path}"
    assert reason in str(raised.value.reason)


@pytest.mark.parametrize(("hint", "value"), [(Pair, [1, "b"]), (Any, {"a": 1}), (dict, {"a": 1})])
def test_any_names_may_be_where_none_are_given(hint: Any, value: Any) -> None:
    Signature(taking(hint)).decode(json.dumps({"value": value}).encode())


def taking(hint: Any) -> Any:
    def function(value):  # type: ignore[no-untyped-def]
        return value

    function.__annotations__["value"] = hint
    return function


def test_unknown_params_are_told_like_unknown_fields() -> None:
    def spawn(kind: str, count: int = 1) -> None: ...

    with pytest.raises(InvalidParams) as raised:
        Signature(spawn).decode(b'{"kind": "big", "cuont": 2}')
    assert raised.value.path == "$"
    assert raised.value.reason == (
        "there is no param 'cuont' (did you mean 'count'?); expected kind, count"
    )


def test_too_many_by_position_are_all_of_them() -> None:
    def spawn(kind: str, *, count: int = 1) -> None: ...

    with pytest.raises(InvalidParams) as raised:
        Signature(spawn).decode(b'["big", "x"]')
    assert raised.value.path == "$"


def test_what_fits_has_no_fault() -> None:
    assert find_fault(shape_of(list[Rock]), [{"size": 2}]) is None
    assert find_stranger(shape_of(list[Rock]), [{"size": 2, "parts": [{}]}]) is None


def test_what_the_games_own_code_raises_goes_on() -> None:
    @dataclass
    class Asserting:
        x: int

        def __post_init__(self) -> None:
            assert self.x > 0, "positive"

    def function(value):  # type: ignore[no-untyped-def]
        return value

    function.__annotations__["value"] = list[Asserting]
    with pytest.raises(AssertionError, match="positive"):
        Signature(function).decode(b'[[{"x": 1}, {"x": -1}]]')


@pytest.mark.parametrize(
    ("name", "step"), [("a", ".a"), ("é", ".é"), ("a-b", '["a-b"]'), ("", '[""]'), ("1", '["1"]')]
)
def test_a_step_is_written_as_in_javascript(name: str, step: str) -> None:
    assert step_of(name) == step


def test_one_wrong_value_among_many_is_found_in_little_time() -> None:
    made = 0

    @dataclass
    class Counting:
        x: int

        def __post_init__(self) -> None:
            nonlocal made
            made += 1

    values = [{"x": 1}] * 5000 + [{"x": "1"}] + [{"x": 1}] * 5000
    fault = find_fault(shape_of(list[Counting]), values)
    assert fault is not None
    assert fault.path == "$[5000].x"
    assert made < 3 * len(values)
