"""`Node` and `Provider`: what is on the screen, as a game's layers know it.

Providers are apart from the engine, since layers stack: pygame_gui draws over pygame's sprites.
`PROVIDERS` names ours for each layer. Nothing here runs code of the game: attributes are read by a
`Reader`, which decides what may be read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from stagedoor.live.engines.imports import Patch

PROVIDERS: Final = {
    "pygame.sprite": "stagedoor.live.engines.pygame.groups",
    "pygame_gui": "stagedoor.live.engines.pygame.gui",
}
"""The module of each layer, and ours for it. Ours imports the layer in `provider()` only. It has
two functions:

    provider() -> Provider          # called once the layer is imported
    patches() -> dict[str, Patch]   # by which its objects are seen; it may never be imported
"""
MAX_TEXT: Final = 1000
"""The most characters of a text that are looked at."""

Rect: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height, in pixels from the top left of the picture."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands for a value that was not read."""

    reason: str
    by: object = None
    """The property that would have to be run."""


_rect_types: Final[dict[int, type]] = {}


def knows_rects(*kinds: type) -> None:
    """Know types in C whose values are made of left, top, width and height, and nothing else."""
    _rect_types.update({id(kind): kind for kind in kinds})


MISSING: Final = Unread("there is no such attribute")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Stands for what a layer could not tell of what is on the screen."""

    reason: str


class Reader(Protocol):
    """Reads attributes of the game's objects."""

    def __call__(self, target: object, name: str, /) -> object:
        """The value; `MISSING` or another `Unread` if it cannot or may not be read."""

    def is_secret(self, name: str, /) -> bool:
        """Whether a name says that its caller may not see what is there, as in `password`."""


class Node:
    """One thing on the screen. Its methods read the game when they are called, and raise nothing.

    Game thread only. A node is made for one walk, and keeps its object until that is over.
    """

    __slots__ = ("parent", "read", "target", "unread")

    def __init__(self, target: object, read: Reader) -> None:
        self.target = target
        """The game's object; None if there is none."""
        self.read = read
        self.parent: Node | None = None
        """What contains it, of the same layer."""
        self.unread: dict[str, str] = {}
        """What of it could not be read, and why."""

    @property
    def kind(self) -> type:
        """The type of its object."""
        return type(self.target)

    def is_there(self) -> bool:
        """Whether it is still in the scene: the walk may have begun some frames ago."""
        return True

    def name(self) -> str:
        """What the game calls it; empty if it has no name."""
        return text_of(self.value("name")) or ""

    def text(self) -> str | None:
        """What is written on it; None if its name says that this is a secret."""
        return None if self.read.is_secret(self.name()) else self.written()

    def written(self) -> str | None:
        """What is written on it, as the layer knows it."""
        return text_of(self.value("text"))

    def hides_text(self) -> bool:
        """Whether what is written on it is not to be read, as in a field for a password."""
        return False

    def rect(self) -> Rect | None:
        """Where it is; None if that is not known."""
        found = self.value("rect")
        rect = rect_of(found, self.read)
        if rect is None and found is not None:
            self.unread.setdefault("rect", "it is no rectangle")
        return rect

    def is_visible(self) -> bool:
        """Whether the game shows it, as far as the layer knows. It may be outside the picture."""
        found = self.value("visible")
        return True if found is None else is_true(found)

    def is_enabled(self) -> bool | None:
        """Whether it takes clicks; None if the layer does not know of such a thing."""
        return None

    def layer(self) -> float | None:
        """What is in a higher layer covers what is in a lower one; None: there are no layers."""
        return None

    def tags(self) -> tuple[str, ...]:
        """The classes that the game has given it, as in a style sheet."""
        return ()

    def value(self, name: str) -> object:
        """An attribute of its object; None if it was not read."""
        found = self.read(self.target, name)
        if type(found) is not Unread:
            return found
        if found is not MISSING:
            self.unread[name] = found.reason
        return None


class Provider(Protocol):
    """A layer of a game that knows what is on the screen."""

    def nodes(self, read: Reader) -> Iterator[Node | Trouble | None]:
        """What is on the screen, from the back to the front. None between two of them: this was
        some work, and the walk may pause. The game may go on while it does."""
        ...


def providers() -> list[Provider]:
    """The layers that the game has imported, from the back to the front. Imports no layer."""
    return [import_module(ours).provider() for layer, ours in PROVIDERS.items() if _is_here(layer)]


def _is_here(layer: str) -> bool:
    return layer in sys.modules


def patches() -> dict[str, Patch]:
    """The patches for layers' modules by which their objects are seen. They apply once a module is
    loaded, and only once, however often they are installed."""
    found: dict[str, Patch] = {}
    for ours in PROVIDERS.values():
        found |= import_module(ours).patches()
    return found


# Values of the game, without its code


def text_of(value: Any) -> str | None:
    """At most `MAX_TEXT` characters of a text, as an exact `str`; None if it is no text."""
    if not issubclass(type(value), str):
        return None
    return str.__getitem__(value, slice(MAX_TEXT))


def is_true(value: Any) -> bool:
    """Whether a flag is set. What is no flag is: its `__bool__` would be code of the game."""
    if value is None:
        return False
    if issubclass(type(value), int):
        return int.__bool__(value)
    return True


def number_of(value: Any) -> float | None:
    """A finite number, as an exact `int` or `float`; None if it is none."""
    kind = type(value)
    if issubclass(kind, int):
        whole = int.__index__(value)
        return whole if -(2**53) <= whole <= 2**53 else None
    if issubclass(kind, float):
        number = float.__float__(value)
        return number if isfinite(number) else None
    return None


_SIDES: Final = (("x", "left"), ("y", "top"), ("w", "width"), ("h", "height"))


def rect_of(value: Any, read: Callable[[object, str], object]) -> Rect | None:
    """A rectangle that is four numbers, two pairs of numbers, or an object with such attributes."""
    kind = type(value)
    items: list[object]
    if id(kind) in _rect_types:
        items = list(value)
    elif issubclass(kind, tuple):
        items = list(islice(tuple.__iter__(value), 5))
    elif issubclass(kind, list):
        items = list(islice(list.__iter__(value), 5))
    else:
        items = [_side(value, read, names) for names in _SIDES]
    if len(items) == 2:
        items = [*_pair(items[0]), *_pair(items[1])]
    numbers = [number for item in items if (number := number_of(item)) is not None]
    return (
        (numbers[0], numbers[1], numbers[2], numbers[3])
        if len(numbers) == len(items) == 4
        else None
    )


def _side(value: object, read: Callable[[object, str], object], names: tuple[str, ...]) -> object:
    for name in names:
        if type(found := read(value, name)) is not Unread:
            return found
    return None


def _pair(value: Any) -> list[object]:
    if issubclass(type(value), tuple):
        return list(islice(tuple.__iter__(value), 3))
    if issubclass(type(value), list):
        return list(islice(list.__iter__(value), 3))
    return []
