"""`hints_of()`: what the annotations of a class or a module say of its values."""

from __future__ import annotations

import typing
from types import ModuleType
from typing import Any, ClassVar, Final, Literal, NamedTuple

from stagedoor.bounds import Bounds
from stagedoor.live.values.kind import unnamed

_WRAPPERS: Final = (ClassVar, typing.Final)


class Hint(NamedTuple):
    """What an annotation says."""

    kind: Any
    """The type."""
    bounds: Bounds | None
    """The `Bounds` in its `Annotated`; None: it has none."""


def hints_of(owner: object) -> dict[str, Hint]:
    """The annotations of a module, or of a class or an object's class with those above it. An
    annotation whose names cannot be found is left out.

    It runs the game's annotations where they are texts, so it is for `stage.tweak()` alone.
    """
    if isinstance(owner, ModuleType):
        return _hints(owner, vars(owner), vars(owner))
    found: dict[str, Hint] = {}
    for kind in reversed((owner if isinstance(owner, type) else type(owner)).__mro__):
        module = _module_of(kind)
        found |= _hints(kind, module, dict(vars(kind)))
    return found


def _module_of(kind: type) -> dict[str, Any]:
    import sys

    module = sys.modules.get(str(kind.__module__))
    return {} if module is None else vars(module)


def _hints(owner: Any, outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Hint]:
    import inspect

    try:
        annotations = inspect.get_annotations(owner)
    except Exception:  # from Python 3.14 on they are code
        return {}
    found = {}
    for name, hint in annotations.items():
        try:
            found[name] = _hint(eval(hint, outer, inner) if isinstance(hint, str) else hint)
        except Exception:  # as for names that only type checkers import
            continue
    return found


def _hint(hint: Any) -> Hint:
    bounds = None
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            hint, *rest = typing.get_args(hint)
            bounds = next((one for one in rest if isinstance(one, Bounds)), bounds)
        elif origin in _WRAPPERS:
            (hint,) = typing.get_args(hint)
        elif origin is Literal:
            choices = typing.get_args(hint)
            bounds = (bounds or Bounds())._replace(choices=choices)
            return Hint(type(choices[0]), bounds)
        elif (meant := unnamed(hint)) is not hint:
            hint = meant
        else:
            return Hint(hint, bounds)
