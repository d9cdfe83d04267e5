"""JSON Schemas as Python types: `python_type()`.

The schemas come from the game and may contain anything. The text is always a type, of bounded size,
that has no effect when it is evaluated.
"""

from collections.abc import Mapping
from typing import Any, Final

REFERENCE: Final = "#/components/schemas/"
"""The start of a reference from one schema to a shared one."""

_MAX_DEPTH: Final = 12
_MAX_CHOICES: Final = 40
_SIMPLE: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
}


def python_type(schema: object, names: Mapping[str, str] | None = None, builtins: str = "") -> str:
    """The type of the values that a schema describes, after JSON is decoded.

    `names`: what to call each shared type; a type without a name there is Any. None: the names
    that the game uses. `builtins`: a prefix for `int` and the like, as in `builtins.int`."""
    return _Writer(names, builtins).write(schema, _MAX_DEPTH)


class _Writer:
    def __init__(self, names: Mapping[str, str] | None, builtins: str) -> None:
        self._names = names
        self._builtins = builtins

    def write(self, schema: object, depth: int) -> str:
        if not isinstance(schema, dict) or depth <= 0:
            return "Any"
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema["$ref"])
        if "const" in schema:
            return _literal([schema["const"]])
        if isinstance(schema.get("enum"), list):
            return _literal(schema["enum"])
        for key in ("anyOf", "oneOf"):
            if isinstance(schema.get(key), list):
                return self._union(schema[key], depth)
        if isinstance(schema.get("allOf"), list) and len(schema["allOf"]) == 1:
            return self.write(schema["allOf"][0], depth - 1)
        return self._typed(schema, depth)

    def _typed(self, schema: dict[str, Any], depth: int) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._union([{**schema, "type": one} for one in kind], depth)
        if kind == "array":
            return f"{self._builtins}list[{self._items(schema, depth)}]"
        if kind == "object":
            values = schema.get("additionalProperties")
            plain = not isinstance(values, dict) or schema.get("properties")
            each = "Any" if plain else self.write(values, depth - 1)
            return f"{self._builtins}dict[{self._builtins}str, {each}]"
        if kind == "null":
            return "None"
        simple = _SIMPLE.get(kind) if isinstance(kind, str) else None
        return f"{self._builtins}{simple}" if simple else "Any"

    def _items(self, schema: dict[str, Any], depth: int) -> str:
        first = schema.get("prefixItems")
        if not isinstance(first, list) or not first:
            return self.write(schema.get("items"), depth - 1)
        rest = schema.get("items")
        return self._union([*first, *([rest] if isinstance(rest, dict) else [])], depth)

    def _union(self, schemas: list[object], depth: int) -> str:
        return _union([self.write(one, depth - 1) for one in schemas[:_MAX_CHOICES]])

    def _reference(self, reference: str) -> str:
        name = reference.removeprefix(REFERENCE)
        if self._names is not None:
            return self._names.get(name, "Any")
        return name if name.isidentifier() else "Any"


def _union(types: list[str]) -> str:
    seen = dict.fromkeys(types)
    if "Any" in seen or not seen:
        return "Any"
    if "None" in seen:  # last, as people write it
        del seen["None"]
        seen["None"] = None
    return " | ".join(seen)


def _literal(values: list[object]) -> str:
    if not values or len(values) > _MAX_CHOICES:
        return "Any"
    texts = []
    for value in values:
        if value is None or isinstance(value, bool | int):
            texts.append(repr(value))
        elif isinstance(value, str) and len(value) < 200:
            texts.append(ascii(value).replace("'", '"') if value.isidentifier() else ascii(value))
        else:
            return "Any"
    return "None" if texts == ["None"] else f"Literal[{', '.join(texts)}]"
