"""`Input`: what a player does, for `Engine.send()`.

Places are in pixels from the top left of the game's picture. Names are those in `keys.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Key:
    """A key is pressed, or released."""

    name: str
    down: bool


@dataclass(frozen=True, slots=True)
class Text:
    """Text is typed, each character by a key that is pressed and released. `\\n` is the key
    return, `\\t` is tab, and `\\b` is backspace."""

    text: str


@dataclass(frozen=True, slots=True)
class Move:
    """The pointer moves to a place."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Button:
    """A button of the mouse is pressed, or released, where the pointer is."""

    number: int
    """1 is the left one, 2 the middle one, 3 the right one; 4 and 5 are at the side."""
    down: bool


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel turns by so many notches, to the right and up (away from the player)."""

    dx: int
    dy: int


@dataclass(frozen=True, slots=True)
class PadButton:
    """A button of the gamepad is pressed, or released."""

    name: str
    down: bool


@dataclass(frozen=True, slots=True)
class PadAxis:
    """A stick or trigger of the gamepad moves to a value, -1.0 to 1.0."""

    name: str
    value: float


Input: TypeAlias = Key | Text | Move | Button | Wheel | PadButton | PadAxis


class CannotSendError(Exception):
    """Why the game cannot get an input, in one line for the caller."""
