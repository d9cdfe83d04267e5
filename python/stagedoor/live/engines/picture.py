"""`Window` and `Picture`: what a game shows, and `NoPictureError`: why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Layout: TypeAlias = Literal["RGB", "RGBX", "BGRX"]
"""How the bytes of a pixel lie. What is no colour, `X`, may have any value."""


@dataclass(frozen=True, slots=True)
class Window:
    """The game's window."""

    title: str
    width: int
    """Pixels that the window has, without its frame."""
    height: int
    picture_width: int
    """Pixels that the game's picture has. They are other than the window's if the framework scales
    the picture up or down."""
    picture_height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the framework has drawn it. Encoding it is not the engine's affair."""

    data: bytes
    width: int
    """In pixels."""
    height: int
    stride: int
    """The bytes from one row to the next."""
    layout: Layout
    bottom_up: bool = False
    """The lowest row comes first."""


class NoPictureError(Exception):
    """The game shows nothing now. The text says why, and what to do about it."""
