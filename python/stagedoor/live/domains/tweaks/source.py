"""`find()`: where the default of a value stands in a source, as one literal. Pure: no disk.

A global is `GRAVITY = 9.8` in a module. A value of a class is `thrust = 240.0` in its body, or
`self.thrust = 240.0` in one of its methods. `field(default=240.0)` counts, too. What is computed,
or stands in several places, is refused with the reason.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from stagedoor.live.domains.tweaks.files import Refused
from stagedoor.live.domains.tweaks.tweak import KINDS, Scalar

_BOM: Final = b"\xef\xbb\xbf"
_FIRST: Final = frozenset({"__init__", "__post_init__", "__new__"})
"""The methods that make an object: what they assign comes before what others do."""
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """What is looked for in a source."""

    attribute: str
    classes: tuple[str, ...] | None
    """The names of the class and of what it is nested in, from its `__qualname__`; None: the
    attribute is a global of the module."""
    of_object: bool = False
    """It is an attribute of an object of the class: its methods may assign it, too."""


class Literal(NamedTuple):
    """A literal in a source."""

    line: int
    """Counted from 1."""
    begin: int
    end: int
    """Where it is in the bytes of the source."""
    value: Scalar


class _Assignment(NamedTuple):
    line: int
    value: ast.expr | None
    """None: something else binds the name here, as a loop, an import or `x, y = ...`."""


def find(source: bytes, place: Place) -> Literal | None:
    """The literal that the attribute begins with; None: this source does not assign it. Raises
    Refused."""
    tree = parse(source)
    scope = tree if place.classes is None else _class(tree, place.classes)
    found = list(_assignments(scope, place.attribute))
    if place.of_object and isinstance(scope, ast.ClassDef):
        methods = [node for node in scope.body if isinstance(node, _Function)]
        rest: list[_Assignment] = []
        for method in methods:
            own = list(_self_assignments(method, place.attribute))
            (found if method.name in _FIRST else rest).extend(own)
        found = found or rest
    if not found:
        return None
    if len(found) > 1:
        lines = ", ".join(str(one.line) for one in sorted(found, key=lambda one: one.line))
        raise Refused(f"{place.attribute} is assigned in several places: lines {lines}")
    return _literal(source, found[0], place.attribute)


def parse(source: bytes) -> ast.Module:
    """The syntax tree. Raises Refused."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        if encoding not in ("utf-8", "utf-8-sig"):
            raise Refused(f"it is written in {encoding}, not in UTF-8")
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"it does not parse: {error}") from error


def replaced(source: bytes, values: Mapping[Literal, Scalar]) -> bytes:
    """The source with other values in the places of these literals."""
    for literal, value in sorted(values.items(), key=lambda item: item[0].begin, reverse=True):
        text = written(value, source[literal.begin : literal.end].decode())
        source = source[: literal.begin] + text.encode() + source[literal.end :]
    return source


def written(value: Scalar, before: str) -> str:
    """The value as a literal in the style of the one that it replaces."""
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        is_whole = before.lstrip("+-").replace("_", "").isdigit()
        return str(int(value)) if is_whole else repr(value)
    if type(value) is str and before.startswith('"') and '"' not in value:
        return '"' + repr("'" + value)[2:-1] + '"'
    return repr(value)


def _class(tree: ast.Module, names: tuple[str, ...]) -> ast.ClassDef:
    scopes: list[ast.AST] = [tree]
    for name in names:
        if name == "<locals>":
            continue
        scopes = [
            node
            for scope in scopes
            for node in _scope(scope)
            if isinstance(node, ast.ClassDef | _Function) and node.name == name
        ]
    dotted = ".".join(names)
    if not scopes:
        raise Refused(f"it has no class {dotted} now")
    if len(scopes) > 1 or not isinstance(scopes[0], ast.ClassDef):
        lines = ", ".join(str(getattr(node, "lineno", "?")) for node in scopes)
        raise Refused(f"{dotted} is defined in several places: lines {lines}")
    return scopes[0]


def _scope(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below this one that run in its scope, each before those in it: not those inside
    functions and classes. Code may nest deeper than Python recurses."""
    pending = list(ast.iter_child_nodes(node))[::-1]
    while pending:
        child = pending.pop()
        yield child
        if not isinstance(child, ast.ClassDef | _Function | ast.Lambda):
            pending += list(ast.iter_child_nodes(child))[::-1]


def _assignments(scope: ast.AST, name: str) -> Iterator[_Assignment]:
    """What binds a name in a scope."""
    plain: set[ast.AST] = set()
    for node in _scope(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=found) as target], value=value) if found == name:
                plain.add(target)
                yield _Assignment(node.lineno, value)
            case ast.AnnAssign(target=ast.Name(id=found) as target, value=value) if found == name:
                plain.add(target)
                if value is not None:
                    yield _Assignment(node.lineno, value)
            case ast.Name(id=found, ctx=ast.Store() | ast.Del()) if found == name:
                if node not in plain:
                    yield _Assignment(node.lineno, None)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == name:
                yield _Assignment(node.lineno, None)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if any((one.asname or one.name.partition(".")[0]) == name for one in names):
                    yield _Assignment(node.lineno, None)


def _self_assignments(method: _Function, name: str) -> Iterator[_Assignment]:
    """What binds an attribute of the object whose method this is."""
    arguments = [*method.args.posonlyargs, *method.args.args]
    if not arguments:
        return
    this = arguments[0].arg
    plain: set[ast.AST] = set()
    for node in ast.walk(method):
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=value):
                if _is_own(target, this, name):
                    plain.add(target)
                    yield _Assignment(node.lineno, value)
            case ast.AnnAssign(target=ast.Attribute() as target, value=value):
                if _is_own(target, this, name):
                    plain.add(target)
                    if value is not None:
                        yield _Assignment(node.lineno, value)
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                if _is_own(node, this, name) and node not in plain:
                    yield _Assignment(node.lineno, None)


def _is_own(target: ast.Attribute, this: str, name: str) -> bool:
    return target.attr == name and isinstance(target.value, ast.Name) and target.value.id == this


def _literal(source: bytes, found: _Assignment, name: str) -> Literal:
    value = found.value
    if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == "field":
        value = next((one.value for one in value.keywords if one.arg == "default"), value)
    inner = value.operand if isinstance(value, ast.UnaryOp) else value
    is_signed = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub | ast.UAdd)
    if (
        value is None
        or not isinstance(inner, ast.Constant)
        or type(inner.value) not in KINDS
        or (inner is not value and not (is_signed and type(inner.value) in (int, float)))
    ):
        raise Refused(f"{name} is computed in line {found.line}, not one bool, int, float or str")
    begin, end = _span(source, value)
    text = source[begin:end].decode()
    if type(inner.value) is str and _count_of_strings(text) != 1:
        raise Refused(f"{name} is put together from several texts in line {found.line}")
    literal: Scalar = ast.literal_eval(value)
    return Literal(value.lineno, begin, end, literal)


def _span(source: bytes, node: ast.expr) -> tuple[int, int]:
    """Where a node is in the bytes of its source."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    starts = [len(_BOM) if source.startswith(_BOM) else 0]
    at = 0
    for line in source.splitlines(keepends=True):
        at += len(line)
        starts.append(at)
    begin = starts[node.lineno - 1] + node.col_offset
    return begin, starts[node.end_lineno - 1] + node.end_col_offset


def _count_of_strings(text: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(f"({text})").readline)
    return sum(token.type == tokenize.STRING for token in tokens)
