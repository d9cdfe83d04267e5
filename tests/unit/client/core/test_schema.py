"""Schemas as Python types: `stagedoor.client.core.schema`."""

from typing import Any

import pytest

from stagedoor.client.core.schema import python_type


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, "int"), ({"type": "number"}, "float"), ({"type": "null"}, "None"),
        ({"type": "string", "format": "date-time"}, "str"), ({"type": "boolean"}, "bool"),
        ({"type": "array", "items": {"type": "integer"}}, "list[int]"),
        ({"type": "array"}, "list[Any]"),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
         "list[int | str]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "dict[str, float]"),
        ({"type": "object", "properties": {"a": {}}}, "dict[str, Any]"),
        ({"type": ["null", "integer"]}, "int | None"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Point"}]}, "Point | None"),
        ({"oneOf": [{"type": "integer"}, {}]}, "Any"), ({"allOf": [{"type": "integer"}]}, "int"),
        ({"enum": ["big", 1, None, True]}, 'Literal["big", 1, None, True]'),
        ({"enum": []}, "Any"), ({"enum": [1.5]}, "Any"), ({"const": "x"}, 'Literal["x"]'),
        ({"const": None}, "None"), ({"enum": ["a\"]; x = '"]}, "Literal['a\"]; x = \\'']"),
        (True, "Any"), ({}, "Any"), (None, "Any"), ({"type": "wild"}, "Any"), ({"type": 7}, "Any"),
        ({"$ref": "elsewhere"}, "elsewhere"), ({"$ref": "#/components/schemas/a b"}, "Any"),
    ],
)  # fmt: skip
def test_a_schema_is_a_type(schema: object, expected: str) -> None:
    assert python_type(schema) == expected


def test_names_and_builtins_can_be_chosen() -> None:
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/a b"}}
    assert python_type(schema, {"a b": "a_b"}, "builtins.") == "builtins.list[a_b]"
    assert python_type(schema, {}) == "list[Any]"


def test_a_type_without_end_ends() -> None:
    schema: dict[str, Any] = {"type": "array"}
    schema["items"] = schema
    assert python_type(schema).count("list") < 50
    wide = {"anyOf": [{"enum": [number]} for number in range(10_000)]}
    assert len(python_type(wide)) < 2_000
