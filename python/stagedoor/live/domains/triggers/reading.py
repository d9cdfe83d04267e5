"""`holds()`: whether a condition is true now. No code of the game runs for it.

What cannot be read makes its comparison false: an object that is not there yet, an attribute that
is a property, values of types that are not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from stagedoor.live.language.comparison import Literal, compare
from stagedoor.live.language.condition import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Constant,
    Found,
    Length,
    Not,
    Operand,
)
from stagedoor.live.language.path import Path
from stagedoor.live.language.selector import Selector
from stagedoor.live.reach.arrays import is_array, is_scalar_type, plain_scalar
from stagedoor.live.reach.members import container_of, count_items
from stagedoor.live.reach.plain import first_of, type_name

MAX_TEXT: Final = 10_000
"""Characters of a text that is compared."""
_TEXTS: Final = (str, bytes, bytearray)
_EXACT: Final[dict[type, Callable[[Any], Any]]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
}


class Look(Protocol):
    """How values and things on the screen are looked at. Neither runs code of the game."""

    def value(self, path: Path, /) -> object:
        """The value of a path. Raises Unreadable."""

    def count(self, selector: Selector, /) -> int:
        """How many things on the screen a selector fits. Raises Unreadable."""


class Unreadable(Exception):  # noqa: N818
    """A value cannot be had, or not be compared. Its text says why."""


def holds(condition: Condition, look: Look, problem: Callable[[str], object]) -> bool:
    """Whether it is true. `problem`: told what could not be read."""
    match condition:
        case AnyOf(parts):
            return any(holds(part, look, problem) for part in parts)
        case AllOf(parts):
            return all(holds(part, look, problem) for part in parts)
        case Not(of):
            return not holds(of, look, problem)
        case Comparison(left, operator, right):
            try:
                if operator is None:
                    return _is_true(left, look)
                return compare(_literal(left, look), operator, _literal(right, look))
            except Unreadable as error:
                problem(str(error))
                return False


def _is_true(operand: Operand, look: Look) -> bool:
    if not isinstance(operand, Path):
        return bool(_literal(operand, look))
    value = look.value(operand)
    size = _size(value)
    if size is not None:
        return size > 0
    try:
        return bool(_plain(value))
    except Unreadable:
        return True  # there is something


def _literal(operand: Operand, look: Look) -> Literal:
    match operand:
        case Constant(value):
            return value
        case Path():
            try:
                return _plain(look.value(operand))
            except Unreadable as error:
                raise Unreadable(f"{operand}: {error}") from None
        case Found(selector) | Length(Found(selector)):
            return look.count(selector)
        case Length(of):
            found = look.value(cast(Path, of))
            if (size := _size(found)) is None:
                raise Unreadable(f"{of}: the length of a {type_name(type(found))} is not known")
            return size


def _size(value: object) -> int | None:
    """How many items or characters a value has; None if only its own code knows."""
    if (kind := first_of(value, _TEXTS)) is not None:
        return int(kind.__len__(value))  # type: ignore[attr-defined]
    if container_of(value) is not None or is_array(value):
        return count_items(value)
    return None


def _plain(value: object) -> Literal:
    """A value of a plain type, or of one derived from it, as that. What the type makes of operators
    is code of the game."""
    if value is None or type(value) is bool:
        return value
    kind = first_of(value, (int, float, str))
    if kind is not None:
        found: Literal = _EXACT[kind](value)
        if type(found) is str and len(found) > MAX_TEXT:
            raise Unreadable(f"a text of {len(found):,} characters is too long to be compared")
        return found
    if is_scalar_type(type(value)):
        found = plain_scalar(value)
        if type(found) in (bool, int, float, str):
            return found
    raise Unreadable(f"a {type_name(type(value))} is not compared")
