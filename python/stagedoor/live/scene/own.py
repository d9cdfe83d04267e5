"""`OwnNodes`: what a game says is on the screen, by `stage.node(...)`."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from stagedoor import checks
from stagedoor.live.engines.scene import (
    Node,
    Reader,
    Trouble,
    is_true,
    rect_of,
)
from stagedoor.wire.text import exact, reason_of

MOST: Final = 200_000
"""The most objects that one declaration stands for."""
_MAX_REASON: Final = 200
"""How many characters of what an exception says are told."""
_NOTHING_AWAITS: Final = "let a task of yours keep the value, and return it here"
"""What to do in place of an async function."""

Asked = Callable[[object], object]
"""A function of the game that is asked for a value of an object."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the game has said of a node, or of many."""

    name: str
    tags: tuple[str, ...]
    values: dict[str, object]
    """Its rect, text and so on, as far as the game says anything of them: each is a value, or a
    function in `asked`."""
    asked: dict[str, Asked]
    target: Callable[[], object] | None
    """Returns its object, or None once that is gone."""
    each: Callable[[], Iterable[object]] | None
    """Returns its objects, each of which is a node."""


class OwnNode(Node):
    """A node that the game has declared."""

    __slots__ = ("_declared",)

    def __init__(self, declared: Declared, target: object, read: Reader) -> None:
        super().__init__(target, read)
        self._declared = declared

    def name(self) -> str:
        return self._declared.name

    def is_enabled(self) -> bool | None:
        found = self._told("enabled")
        return None if found is None else is_true(found)

    def tags(self) -> tuple[str, ...]:
        return self._declared.tags

    def value(self, name: str) -> object:
        """What the game says of it; the object's attribute if it says nothing."""
        if name in self._declared.values or name in self._declared.asked:
            return self._told(name)
        return None if self.target is None else super().value(name)

    def _told(self, name: str) -> object:
        asked = self._declared.asked.get(name)
        if asked is None:
            return self._declared.values.get(name)
        try:
            return asked(self.target)
        except Exception as error:
            self.unread[name] = reason_of(error)[:_MAX_REASON]
            return None


class OwnNodes:
    """The nodes that the game has declared, by name. Any thread may declare them."""

    def __init__(self) -> None:
        self._declared: dict[str, Declared] = {}

    def add(
        self,
        name: str,
        target: object = None,
        *,
        each: Callable[[], Iterable[object]] | None = None,
        rect: object = None,
        text: object = None,
        visible: object = None,
        enabled: object = None,
        tags: Sequence[str] = (),
    ) -> None:
        """Declare a node: see `Stage.node()`."""
        name = exact(checks.text("name", name))
        _check_each(each, target)
        counts = (0,) if target is None and each is None else (1, 0)
        values: dict[str, object] = {}
        asked: dict[str, Asked] = {}
        given = {"rect": rect, "text": text, "visible": visible, "enabled": enabled}
        for argument, value in given.items():
            if callable(value):
                asked[argument] = _asked(argument, value, counts)
            elif value is not None:
                values[argument] = _checked(argument, value)
        self._declared[name] = Declared(
            name,
            tuple(
                exact(checks.text("tags", tag))
                for tag in ([tags] if isinstance(tags, str) else tags)
            ),
            values,
            asked,
            None if target is None else _reference(target),
            each,
        )

    def remove(self, name: str) -> None:
        """Declare it no more. Raises KeyError for an unknown name."""
        if self._declared.pop(exact(checks.text("name", name)), None) is None:
            raise KeyError(f"there is no node {name!r}")

    def nodes(self, read: Reader) -> Iterator[Node | Trouble | None]:
        """The nodes, in the order in which they were declared."""
        for declared in list(self._declared.values()):
            if declared.each is not None:
                yield from _each(declared, declared.each, read)
            elif declared.target is None:
                yield OwnNode(declared, None, read)
            elif (target := declared.target()) is not None:
                yield OwnNode(declared, target, read)
            elif self._declared.get(declared.name) is declared:
                del self._declared[declared.name]


def _each(
    declared: Declared, each: Callable[[], Iterable[object]], read: Reader
) -> Iterator[Node | Trouble | None]:
    try:
        # At once: the game may change what it is made of while the walk pauses.
        targets = list(islice(each(), MOST))
    except Exception as error:
        yield Trouble(f"{declared.name}: {reason_of(error)[:_MAX_REASON]}")
        return
    yield None
    if len(targets) == MOST:
        yield Trouble(f"{declared.name}: only the first {MOST:,} of them are nodes")
    for target in targets:
        yield OwnNode(declared, target, read)


def _check_each(each: object, target: object) -> None:
    if each is None:
        return
    if target is not None:
        raise TypeError("target is for one object, and each for many: give one of them")
    if not inspect.isgeneratorfunction(each):
        checks.function("each", each, (0,), instead=_NOTHING_AWAITS, what="a function")


def _asked(argument: str, function: Callable[..., object], counts: tuple[int, ...]) -> Asked:
    count = checks.function(argument, function, counts, instead=_NOTHING_AWAITS)
    return function if count else lambda _: function()


def _checked(argument: str, value: Any) -> object:
    if argument == "text":
        return exact(checks.text(argument, value, may_be_empty=True))
    if argument == "rect":
        rect = rect_of(value, lambda target, name, /: getattr(target, name, None))
        if rect is None:
            what = "left, top, width and height, or a function that returns them"
            raise TypeError(f"rect must be {what}, not {checks.kind_of(value)}")
        return value
    return checks.flag(argument, value)


def _reference(target: Any) -> Callable[[], object]:
    """Holds an object: weakly, where its type allows it."""
    try:
        return weakref.ref(target)
    except TypeError:
        return lambda: target
