"""Params, decoded straight from JSON and checked against a function's type hints."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import pytest

from stagedoor.live.rpc.signature import Signature
from stagedoor.wire.errors import InvalidParams, ParseError, RpcError


def call(function: Callable[..., Any], params: str | None) -> object:
    """Decode the params and call the function with them."""
    raw = None if params is None else params.encode()
    arguments = Signature(function).decode(raw)
    positional, by_name = arguments
    return function(*positional, **by_name)


class Kind(enum.Enum):
    BIG = "big"
    SMALL = "small"


@dataclass
class Rock:
    kind: Kind
    size: float = 1.0
    tags: list[str] = field(default_factory=list)


class Point(msgspec.Struct):
    x: float
    y: float


def spawn(kind: Kind, count: int = 1, *, at: Point | None = None) -> object:
    return (kind, count, at)


class TestByNameAndByPosition:
    @pytest.mark.parametrize(
        ("params", "result"),
        [
            ('{"kind": "big"}', (Kind.BIG, 1, None)),
            ('{"count": 3, "kind": "small"}', (Kind.SMALL, 3, None)),
            ('{"kind": "big", "at": {"x": 1, "y": 2}}', (Kind.BIG, 1, Point(1, 2))),
            ('["big"]', (Kind.BIG, 1, None)),
            ('["big", 3]', (Kind.BIG, 3, None)),
        ],
    )
    def test_give_the_same_typed_values(self, params: str, result: object) -> None:
        assert call(spawn, params) == result

    def test_no_params_are_an_empty_object(self) -> None:
        assert call(lambda: "nothing", None) == "nothing"
        assert call(lambda: "nothing", "{}") == "nothing"
        assert call(lambda: "nothing", "[]") == "nothing"
        assert call(lambda count=5: count, None) == 5

    def test_positional_only_and_keyword_only_are_kept_apart(self) -> None:
        def function(a: int, /, b: int = 2, *, c: int, d: int = 4) -> object:
            return (a, b, c, d)

        assert call(function, '{"a": 1, "c": 3}') == (1, 2, 3, 4)
        assert call(function, '{"d": 9, "c": 8, "b": 7, "a": 6}') == (6, 7, 8, 9)
        with pytest.raises(InvalidParams, match="c can only be given by name"):
            call(function, "[1, 2]")

    def test_a_default_is_the_functions_own_object(self) -> None:
        default: list[int] = []

        def function(values: list[int] = default) -> object:
            return values

        assert call(function, None) is default

    def test_a_default_need_not_fit_its_hint(self) -> None:
        missing: Any = object()

        def function(value: int = missing) -> object:
            return value

        assert call(function, None) is missing

    def test_a_parameter_without_a_hint_takes_any_json(self) -> None:
        def function(value, other=None):  # type: ignore[no-untyped-def]
            return (value, other)

        assert call(function, '[{"a": [1, null]}, "x"]') == ({"a": [1, None]}, "x")

    def test_names_that_clash_with_nothing_of_ours(self) -> None:
        def function(self: int, cls: int, params: int, _hidden: int, type: str) -> object:
            return (self, cls, params, _hidden, type)

        params = '{"self": 1, "cls": 2, "params": 3, "_hidden": 4, "type": "x"}'
        assert call(function, params) == (1, 2, 3, 4, "x")

    def test_bound_methods_partials_and_objects_that_can_be_called(self) -> None:
        class Ship:
            def fly(self, x: int) -> object:
                return ("fly", x)

            def __call__(self, x: int) -> object:
                return ("call", x)

        assert call(Ship().fly, '{"x": 1}') == ("fly", 1)
        assert call(Ship(), '{"x": 1}') == ("call", 1)
        assert call(functools.partial(spawn, count=7), '{"kind": "big"}') == (Kind.BIG, 7, None)


class TestTypes:
    @pytest.mark.parametrize(
        ("hint", "json", "value"),
        [
            (int, "5", 5),
            (float, "5", 5.0),
            (str, '"é"', "é"),
            (bool, "true", True),
            (int | None, "null", None),
            (list[int], "[1, 2]", [1, 2]),
            (dict[str, float], '{"a": 1}', {"a": 1.0}),
            (tuple[int, str], '[1, "a"]', (1, "a")),
            (set[int], "[1, 1]", {1}),
            (Literal["a", "b"], '"b"', "b"),
            (Kind, '"big"', Kind.BIG),
            (Rock, '{"kind": "big", "tags": ["x"]}', Rock(Kind.BIG, 1.0, ["x"])),
            (Point, '{"x": 1, "y": 2}', Point(1, 2)),
            (bytes, '"AP8="', b"\x00\xff"),
            (datetime, '"2026-01-02T03:04:05Z"', datetime(2026, 1, 2, 3, 4, 5, 0, UTC)),
            (Any, "[1]", [1]),
        ],
        ids=str,
    )
    def test_a_value_of_the_right_type(self, hint: Any, json: str, value: object) -> None:
        def function(value):  # type: ignore[no-untyped-def]
            return value

        function.__annotations__["value"] = hint
        assert call(function, f"[{json}]") == value
        assert call(function, f'{{"value": {json}}}') == value

    @pytest.mark.parametrize(
        ("hint", "json"),
        [
            (int, '"5"'),
            (int, "5.5"),
            (int, "true"),
            (int, "null"),
            (str, "5"),
            (bool, "1"),
            (list[int], '[1, "2"]'),
            (Literal["a", "b"], '"c"'),
            (Kind, '"huge"'),
            (Rock, '{"size": 1}'),
            (bytes, '"*"'),
        ],
        ids=str,
    )
    def test_a_value_of_a_wrong_type_is_invalid_params(self, hint: Any, json: str) -> None:
        def function(value):  # type: ignore[no-untyped-def]
            raise AssertionError("not called")

        function.__annotations__["value"] = hint
        for params in (f"[{json}]", f'{{"value": {json}}}'):
            with pytest.raises(InvalidParams):
                call(function, params)


class TestWrongParams:
    @pytest.mark.parametrize(
        "params",
        [
            "{}",
            "[]",
            '{"kind": "big", "colour": "red"}',
            '["big", 1, null]',
            '["big", 1, 2, 3]',
            '{"count": 3}',
            "5",
            "null",
            '"big"',
            "true",
        ],
    )
    def test_are_invalid_params(self, params: str) -> None:
        with pytest.raises(InvalidParams) as raised:
            call(spawn, params)
        assert raised.value.code == -32602
        assert raised.value.reason

    def test_the_path_leads_to_the_value(self) -> None:
        def function(rocks: list[Rock]) -> None:
            raise AssertionError("not called")

        params = '{"rocks": [{"kind": "big"}, {"kind": "big", "tags": ["a", 5]}]}'
        with pytest.raises(InvalidParams) as raised:
            call(function, params)
        assert raised.value.path == "$.rocks[1].tags[1]"
        assert raised.value.reason is not None
        assert "str" in raised.value.reason

    def test_what_is_not_json_is_an_rpc_error(self) -> None:
        for params in ('{"kind": }', "[1,", '{"kind": "big"} x'):
            with pytest.raises(RpcError):
                call(spawn, params)
        with pytest.raises(ParseError):
            call(spawn, '["big",')


class Opaque:
    pass


class TestFunctionsThatJsonCannotCall:
    @pytest.mark.parametrize(
        ("function", "name"),
        [
            (lambda *values: None, r"\*values"),
            (lambda **values: None, r"\*\*values"),
        ],
    )
    def test_star_parameters_are_a_type_error_that_names_them(
        self, function: Any, name: str
    ) -> None:
        with pytest.raises(TypeError, match=f"{name}.*cannot be filled from JSON"):
            Signature(function)

    def test_a_class_that_json_cannot_make_is_a_type_error_at_once(self) -> None:
        def function(name: str, thing: list[Opaque | None]) -> None: ...

        with pytest.raises(TypeError, match=r"parameter 'thing'.*Opaque.*dataclass"):
            Signature(function)

    def test_a_hint_that_cannot_be_resolved_is_a_type_error(self) -> None:
        def function(thing: Nowhere) -> None: ...  # type: ignore[name-defined] # noqa: F821

        with pytest.raises(TypeError, match=r"function.*Nowhere"):
            Signature(function)

    def test_a_union_that_json_cannot_tell_apart_is_a_type_error(self) -> None:
        def function(thing: Rock | Point) -> None: ...

        with pytest.raises(TypeError, match="function"):
            Signature(function)

    def test_a_builtin_without_a_signature_is_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="max"):
            Signature(max)
