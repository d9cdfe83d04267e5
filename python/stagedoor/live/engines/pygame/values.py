"""Values of pygame: vectors, rects and colours as lists of numbers."""

from __future__ import annotations

from typing import Any

import pygame

from stagedoor.live.values.kind import Kind, array_of, numbers, tuple_of


def kinds() -> dict[type, Kind]:
    """By type: see `stagedoor.live.values`."""
    found: dict[type, Kind] = {
        pygame.Vector2: tuple_of(pygame.Vector2, "x y"),
        pygame.Vector3: tuple_of(pygame.Vector3, "x y z"),
        pygame.Rect: tuple_of(pygame.Rect, "left top width height", whole=True),
        pygame.Color: Kind(list, _colour, _COLOUR),
    }
    if hasattr(pygame, "FRect"):  # pygame-ce has it
        found[pygame.FRect] = tuple_of(pygame.FRect, "left top width height")
    return found


_COLOUR = {
    "title": "Color",
    "anyOf": [
        {
            **array_of({"type": "integer", "minimum": 0, "maximum": 255}),
            "minItems": 3,
            "maxItems": 4,
        },
        {"type": "string"},
    ],
}


def _colour(hint: Any, value: Any) -> Any:
    """From red, green, blue and perhaps alpha, or from a name or #rrggbb."""
    if isinstance(value, str):
        try:
            return hint(value)
        except ValueError:
            raise ValueError(
                f"{value!r} is no colour: expected a name, #rrggbb or #rrggbbaa"
            ) from None
    try:
        found = numbers(value, "r g b" if len(value) == 3 else "r g b a", whole=True)
    except (TypeError, ValueError):
        found = [-1]
    if not all(0 <= channel <= 255 for channel in found):
        raise ValueError(
            "expected [red, green, blue] or [red, green, blue, alpha], each 0 to 255, "
            'or a name, as "red"'
        )
    return hint(*found)
