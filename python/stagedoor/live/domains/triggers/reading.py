"""`holds()`: whether a condition is true now. No code of the game runs for it.

What cannot be read makes its comparison false: an object that is not there yet, an attribute that
is a property, values of types that are not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from stagedoor.live.engines.scene import Unread
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
from stagedoor.live.reach.arrays import is_array
from stagedoor.live.reach.members import container_of, count_items
from stagedoor.live.reach.plain import (
    MISSING,
    bases_of,
    first_of,
    instance_dict,
    module_of,
    short_name,
    type_name,
    value_in,
)
from stagedoor.live.scene.comparable import comparable, is_truthy
from stagedoor.wire.text import with_article

_TEXTS: Final = (str, bytes, bytearray)
_LITERALS: Final = (str, int, float, bool)


class Look(Protocol):
    """How values and things on the screen are looked at. Neither runs code of the game."""

    def value(self, path: Path, /) -> object:
        """The value of a path. Raises Unreadable."""

    def count(self, selector: Selector, most: int | None, /) -> int:
        """How many things on the screen a selector fits. `most`: more do not matter. Raises
        Unreadable."""


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
                    value = _value(left, look, most=1)
                    size = _size(value)
                    return is_truthy(value) if size is None else size > 0
                return _compare(left, operator, right, look)
            except Unreadable as error:
                problem(str(error))
                return False


def _compare(left: Operand, operator: str, right: Operand, look: Look) -> bool:
    values = [_value(operand, look) for operand in (left, right)]
    known = [value if type(value) in _LITERALS else None for value in values]
    literals: list[Any] = []
    for operand, value, like in zip((left, right), values, reversed(known), strict=True):
        found = comparable(value, cast(Literal, like))
        if type(found) is Unread:
            raise Unreadable(f"{operand} is {with_article(type_name(type(value)))}: {found.reason}")
        literals.append(found)
    return compare(literals[0], operator, literals[1])


def _value(operand: Operand, look: Look, most: int | None = None) -> object:
    """`most`: count no further."""
    match operand:
        case Constant(value):
            return value
        case Path():
            return look.value(operand)
        case Found(selector):
            return look.count(selector, most)
        case Length(Found(selector)):
            return look.count(selector, None)
        case Length(of):
            return _length(cast(Path, of), look)


def _length(path: Path, look: Look) -> int:
    value = look.value(path)
    if (size := _size(value)) is None:
        raise Unreadable(
            f"{path}: the length of {with_article(type_name(type(value)))} is not known"
        )
    return size


def _size(value: object) -> int | None:
    """How many items or characters a value has; None if only code of the game would know."""
    if (kind := first_of(value, _TEXTS)) is not None:
        return int(kind.__len__(value))  # type: ignore[attr-defined]
    if container_of(value) is not None or is_array(value):
        return count_items(value)
    return _sprites_of(value)


def _sprites_of(value: object) -> int | None:
    """How many sprites are in a Group of pygame's, whose `__len__` is code in Python; None if it is
    no Group."""
    for base in bases_of(type(value)):
        if module_of(base) == "pygame.sprite" and short_name(base) == "AbstractGroup":
            names = instance_dict(value)
            single = value_in(names, "_GroupSingle__sprite")
            if single is not MISSING:
                return int(single is not None)
            sprites = value_in(names, "spritedict")
            return dict.__len__(sprites) if first_of(sprites, (dict,)) is not None else None
    return None
