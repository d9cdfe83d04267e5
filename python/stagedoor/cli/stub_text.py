"""The text of a typed stub: `stub_text()`.

Texts that come from the game become Python source here. So every name is checked to be a name, and
any other text is written as a literal.
"""

import keyword
from collections.abc import Iterator

from stagedoor.client.core.methods import Method, Methods, Param
from stagedoor.client.core.schema import python_type

_TAKEN = {
    "Any", "Literal", "NotRequired", "TypeAlias", "TypedDict", "Connection", "AsyncConnection",
    "builtins", "overload", "property",
}  # fmt: skip
_BUILTINS = {"str", "int", "float", "bool", "list", "dict"}


def stub_text(methods: Methods, name: str | None = None, *, is_async: bool = False) -> str:
    """The text of a stub with the class `name`; None: a name made from the game's. `is_async`: for
    `connect_async()`."""
    info = methods.document.get("info")
    title = info.get("title") if isinstance(info, dict) else None
    class_name = name or _class_name(title if isinstance(title, str) else "")
    writer = _Writer(methods, class_name, is_async)
    return "\n".join([*writer.write(), ""])


class _Node:
    """A part of a dotted name, with the method of that name and the parts below it."""

    def __init__(self) -> None:
        self.method: Method | None = None
        self.below: dict[str, _Node] = {}


class _Writer:
    def __init__(self, methods: Methods, class_name: str, is_async: bool) -> None:
        self._methods = methods
        self._class_name = class_name
        self._is_async = is_async
        self._base = "AsyncConnection" if is_async else "Connection"
        # In the body of a class with a method `list`, the name `list` means that method.
        parts = {part for name in methods for part in name.split(".")}
        self._prefix = "builtins." if parts & _BUILTINS else ""
        self._names = self._type_names()
        self._used = {*_TAKEN, *_BUILTINS, *self._names.values(), class_name}
        self._skipped: list[str] = []
        self._bodies: list[str] = []

    def write(self) -> Iterator[str]:
        types = [line for name in self._names for line in self._type(name)]
        main = self._class(self._class_name, self._base, self._tree(), self._own_names())
        face = "asyncio" if self._is_async else "sync"
        yield "# Written by `stagedoor stub`: do not edit it, write it again when the game changes."
        if self._prefix:
            yield "import builtins"
        yield "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, overload"
        yield ""
        yield f"from stagedoor.client.{face}.client import {self._base}"
        yield ""
        yield from types
        yield from self._bodies
        yield from main
        for name in self._skipped:
            yield f"# Only by call(): {name!a}"

    # Types

    def _type_names(self) -> dict[str, str]:
        """The names of the shared types in the stub, by their names in the game."""
        names: dict[str, str] = {}
        for schema in self._methods.schemas:
            name = _identifier(schema)
            while name in _TAKEN | _BUILTINS | {self._class_name} or name in names.values():
                name += "_"
            names[schema] = name
        return names

    def _type(self, schema_name: str) -> Iterator[str]:
        name, schema = self._names[schema_name], self._methods.schemas[schema_name]
        fields = schema.get("properties") if isinstance(schema, dict) else None
        if not isinstance(schema, dict) or not isinstance(fields, dict):
            yield f"{name}: TypeAlias = {self._python(schema, f'{name}')}"
            yield ""
            return
        required = schema.get("required")
        required = required if isinstance(required, list) else []
        types = {
            field: self._python(one) if field in required else f"NotRequired[{self._python(one)}]"
            for field, one in fields.items()
        }
        if all(_is_name(field) for field in fields):
            yield f"class {name}(TypedDict):"
            yield from _docstring(schema.get("description"))
            yield from (f"    {field}: {kind}" for field, kind in types.items())
            if not types:
                yield "    pass"
        else:
            body = ", ".join(f"{field!a}: {kind}" for field, kind in types.items())
            yield f"{name} = TypedDict({name!r}, {{{body}}})"
        yield ""

    def _python(self, schema: object, alias: str = "") -> str:
        names = {key: name for key, name in self._names.items() if name != alias}
        return python_type(schema, names, self._prefix)

    # Methods

    def _tree(self) -> _Node:
        root = _Node()
        for name, method in sorted(self._methods.items()):
            parts = name.split(".")
            if not all(_is_name(part) and part not in self._used - _BUILTINS for part in parts):
                self._skipped.append(name)
                continue
            node = root
            for part in parts:
                node = node.below.setdefault(part, _Node())
            node.method = method
        return root

    def _own_names(self) -> set[str]:
        """The attributes of the client itself, which cannot be methods of the game."""
        if self._is_async:
            from stagedoor.client.asyncio.client import AsyncConnection

            return set(dir(AsyncConnection))
        from stagedoor.client.sync.client import Connection

        return set(dir(Connection))

    def _class(
        self, name: str, base: str, node: _Node, taken: set[str] | frozenset[str] = frozenset()
    ) -> list[str]:
        lines = [f"class {name}({base}):" if base else f"class {name}:"]
        if node.method is not None:
            lines += self._method("__call__", node.method)
        for part, below in node.below.items():
            if part in taken:
                self._skipped += _names_in(below)
            elif below.below:
                inner = self._free_name(f"_{_class_name(part)}")
                self._bodies += self._class(inner, "", below)
                lines += ["    @property", f"    def {part}(self) -> {inner}: ..."]
            elif below.method is not None:
                lines += self._method(part, below.method)
        if len(lines) == 1:
            lines.append("    pass")
        return [*lines, ""]

    def _free_name(self, name: str) -> str:
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name

    def _method(self, name: str, method: Method) -> Iterator[str]:
        """The lines of a method. Params go all by position or all by name: with two or more params
        there are two signatures."""
        result = self._python(method.result.schema) if method.result is not None else "None"
        head = f"{'async ' if self._is_async else ''}def {name}"
        docstring = list(_docstring(method.description or method.summary, "        "))
        signatures = self._signatures(method)
        for number, params in enumerate(signatures):
            if len(signatures) > 1:
                yield "    @overload"
            line = f"    {head}({', '.join(params)}) -> {result}:"
            yield f"{line} ..." if number or not docstring else line
            if not number and docstring:
                yield from docstring
                yield "        ..."

    def _signatures(self, method: Method) -> list[list[str]]:
        names = [param.name for param in method.params]
        if not all(_is_name(name) for name in names) or len(set(names)) < len(names):
            return [["self", "*args: Any", "**params: Any"]]
        own = "_self" if "self" in names else "self"
        params = [
            f"{param.name}: {self._python(param.schema)}{_default(param)}"
            for param in method.params
        ]
        if len(params) < 2:
            return [[own, *params]]
        by_name = [own, "*", *params]
        required = [param.required for param in method.params]
        if required != sorted(required, reverse=True):  # Python allows no such order by position
            return [by_name]
        return [[own, *params, "/"], by_name]


def _default(param: Param) -> str:
    if param.required:
        return ""
    default = param.schema.get("default") if isinstance(param.schema, dict) else None
    plain = isinstance(default, bool | int) or (isinstance(default, str) and len(default) < 80)
    return f" = {default!a}" if plain else " = ..."


def _docstring(text: object, indent: str = "    ") -> Iterator[str]:
    """The lines of a docstring. Quotes and backslashes in the text are escaped, so that it cannot
    end the docstring."""
    if not isinstance(text, str) or not text.strip():
        return
    safe = text.strip().replace("\\", "\\\\").replace('"', '\\"')
    lines = ["".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)
             for line in safe.splitlines()]  # fmt: skip
    if len(lines) == 1:
        yield f'{indent}"""{lines[0]}"""'
        return
    yield f'{indent}"""{lines[0]}'
    yield from (f"{indent}{line}" if line else "" for line in lines[1:])
    yield f'{indent}"""'


def _names_in(node: _Node) -> list[str]:
    names = [node.method.name] if node.method is not None else []
    return names + [name for below in node.below.values() for name in _names_in(below)]


def _is_name(text: str) -> bool:
    """Whether Python takes the text as a name. A private name does not count: it has another
    meaning in a class, and the client does not call it."""
    return (
        text.isascii()
        and text.isidentifier()
        and not keyword.iskeyword(text)
        and not text.startswith("_")
        and len(text) < 200
    )


def _identifier(text: str) -> str:
    """A Python name for a type, from the name that the game gives it."""
    name = "".join(char if char.isascii() and char.isalnum() else "_" for char in text[:100])
    return name if _is_name(name) else f"T{name}"


def _class_name(text: str) -> str:
    """A name for a class, made from a text."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in text[:100])
    name = "".join(word[:1].upper() + word[1:] for word in words.split())
    return name if _is_name(name) and name not in _TAKEN else "Game"
