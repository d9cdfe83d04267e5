"""Vectors, rects and colours of pygame: types in C that are made of numbers."""

from __future__ import annotations

from typing import Final

from stagedoor.live.reach.plain import PerClass, bases_of, is_of_c, module_of, short_name

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "pygame.math.Vector2": ("x", "y"),
    "pygame.math.Vector3": ("x", "y", "z"),
    "pygame.rect.Rect": ("left", "top", "width", "height"),
    "pygame.rect.FRect": ("left", "top", "width", "height"),
    "pygame.color.Color": ("r", "g", "b", "a"),
}
"""Types in C whose descriptors only read and write numbers, and the fields to show of each."""


def fields_of(kind: type) -> tuple[str, ...]:
    """The fields of a type in C that is made of numbers, as a vector; else nothing."""
    return _fields(kind)  # type: ignore[no-any-return]


def _find_fields(kind: type) -> tuple[str, ...]:
    for base in bases_of(kind):
        if is_number_type(base):
            return FIELDS[f"{module_of(base)}.{short_name(base)}"]
    return ()


def is_number_type(kind: type) -> bool:
    """Whether a type is one of those in `FIELDS` itself. A class in Python cannot pass for one."""
    return f"{module_of(kind)}.{short_name(kind)}" in FIELDS and is_of_c(kind)


_fields: Final = PerClass(_find_fields)
