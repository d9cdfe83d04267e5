"""`completions()`: the names that a beginning could go on with. No code of the game runs for it."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from stagedoor.live.domains.console.names import Names
from stagedoor.live.reach.members import Way, attribute
from stagedoor.live.reach.plain import (
    MISSING,
    bases_of,
    class_attribute,
    instance_dict,
    is_kind,
    own_of,
)
from stagedoor.wire.text import exact

MAX_NAMES: Final = 200
"""The most completions."""
MAX_BEGINNING: Final = 300
"""The most characters of a beginning: the time to find it grows with their square."""
LOOKED_AT: Final = 5000
"""The most names of an object that are looked at."""

_BEGINNING: Final = re.compile(
    r"""(?:(?P<owner>[^\W\d]\w*(?:\.[^\W\d]\w*|\[\d{1,9}\]|\["[^"\\]*"\]|\['[^'\\]*'\])*)\.)?"""
    r"""(?P<name>(?:[^\W\d]\w*)?)$"""
)
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Completions:
    """What the last name of some code could become."""

    length: int
    """How many characters of it are there, at the end of the code."""
    names: list[str]
    """Whole names, 200 at most. Those that begin with an underscore come only if the beginning
    does."""


def completions(code: str, names: Names, roots: Mapping[str, object]) -> Completions:
    """The completions at the end of this code."""
    found = _BEGINNING.search(code[-MAX_BEGINNING:])
    if found is None:
        return Completions(0, [])
    beginning, owner = found["name"], found["owner"]
    if owner is None:
        known: Iterable[Any] = chain(
            () if names.members is None else _names_of(names.members.owner),
            names.globals.copy(),
            roots,
            vars(builtins),
            keyword.kwlist,
        )
    else:
        value = _value(ast.parse(owner, mode="eval").body, names, roots)
        known = () if value is _NOTHING else _names_of(value)
    fitting = {
        exact(name)
        for name in islice(known, LOOKED_AT)
        if type(name) is str
        and name.startswith(beginning)
        and (beginning.startswith("_") or not name.startswith("_"))
    }
    return Completions(len(beginning), sorted(fitting)[:MAX_NAMES])


def _value(node: ast.expr, names: Names, roots: Mapping[str, object]) -> object:
    """What an expression of names, attributes and items stands for, if that can be read without
    running code of the game; otherwise `_NOTHING`."""
    match node:
        case ast.Name(name):
            if names.members is not None:
                found = _attribute(names.members.owner, name)
                if found is not _NOTHING:
                    return found
            for known in (names.globals, roots, vars(builtins)):
                if name in known:
                    return known[name]
        case ast.Attribute(owner, name):
            value = _value(owner, names, roots)
            return _NOTHING if value is _NOTHING else _attribute(value, name)
        case ast.Subscript(owner, ast.Constant(key)):
            value = _value(owner, names, roots)
            if type(value) in (list, tuple, dict):
                try:
                    return value[key]  # type: ignore[index]
                except (LookupError, TypeError):
                    pass
    return _NOTHING


def _attribute(owner: object, name: str) -> object:
    if is_kind(owner, type):
        found = class_attribute(owner, name)  # type: ignore[arg-type]
        return _NOTHING if found is MISSING or is_kind(found, property) else found
    inner = attribute(owner, name, is_root=True)
    return inner.value if inner is not None and inner.way is Way.VALUE else _NOTHING


def _names_of(value: object) -> Iterable[Any]:
    """The names of the attributes of an object, and of its types."""
    if is_kind(value, type):
        return chain(*(own_of(base) for base in bases_of(value)))  # type: ignore[arg-type]
    names = instance_dict(value).copy()  # type: ignore[attr-defined]
    return chain(names, *(own_of(base) for base in bases_of(type(value))))
