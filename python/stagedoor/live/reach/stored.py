"""Properties of a framework's own classes that only give back an attribute.

pygame-ce's `Sprite.rect` is one. Engines say which they are, so that they are read as what they
stand for: no code runs. A property of the same name in a class of the game's is not one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_known: Final[dict[int, tuple[object, str]]] = {}
"""By the property's identity, which it keeps as it is kept here."""


def knows(kind: type, stored: Mapping[str, str]) -> None:
    """Know properties of a class, and the names of the attributes that they give back."""
    for name, attribute in stored.items():
        if type(found := vars(kind).get(name)) is property:
            _known[id(found)] = found, attribute


def stored_by(descriptor: object) -> str | None:
    """The attribute that a property gives back; None if it is none of those."""
    known = _known.get(id(descriptor))
    return None if known is None else known[1]
