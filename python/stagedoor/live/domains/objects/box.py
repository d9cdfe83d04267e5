"""`Box`: what a scan remembers of a value that is gone into, to see soon what has changed in it.

The values in a list, a dict or an object are taken all at once, if its items or attributes are
still the same ones; so a value that has not changed costs next to nothing. What is remembered keeps
nothing of the game alive: only numbers, texts and names.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from operator import is_
from time import monotonic
from typing import Any, Final

from stagedoor.live.language.path import Attribute, Item
from stagedoor.live.reach import arrays
from stagedoor.live.reach.members import (
    Child,
    Way,
    attribute,
    container_of,
    slots_of,
)
from stagedoor.live.reach.node import has_more
from stagedoor.live.reach.plain import class_attribute, instance_dict, size_of
from stagedoor.live.reach.vectors import fields_of

REFRESHED: Final = 1.0
"""Seconds after which all in a box is looked at anew: the previews of what is not gone into, and
what stands in the class."""
_LONG: Final = 10_000
OTHER: Final[Any] = object()
"""Stands for a value that is neither number nor text."""


class _Form(enum.Enum):
    """How the values in a value are taken."""

    ONE_BY_ONE = 0
    LIST = 1
    DICT = 2
    OBJECT = 3


def remembered(value: object) -> Any:
    """The value, if it is a number, a text, true, false or None; else OTHER."""
    kind = type(value)
    is_plain = kind is float or kind is int or kind is str or kind is bool or value is None
    return value if is_plain else OTHER


def is_same(one: Any, other: Any) -> bool:
    """Whether two remembered values of one type are equal. NaN equals itself. Of long texts, only
    the same object is: to compare them takes time."""
    if type(one) is str and len(one) > _LONG:
        return one is other
    return bool(one == other or (one != one and other != other))


def _is_name(key: object) -> bool:
    """Whether a key is made of numbers and texts, so that it may be remembered."""
    if type(key) is tuple:
        return all(remembered(part) is not OTHER for part in key)
    return remembered(key) is not OTHER


class Box:
    """What was in a value."""

    __slots__ = (
        "_form",
        "_getters",
        "_index",
        "_loose",
        "_most",
        "_names",
        "_refreshed",
        "below",
        "is_plain",
        "kind",
        "kinds",
        "last",
        "places",
    )

    def __init__(self, most: int) -> None:
        """`most`: of a list or dict with more values, only so many are taken."""
        self._most = most
        self._form = _Form.ONE_BY_ONE
        self.kind: type | None = None
        """The type of the value."""
        self._names: list[Any] = []
        """The names in its dict, or its keys; of a list, as many as it has items."""
        self._getters: list[Callable[[Any], Any]] = []
        """What reads each of its slots."""
        self._index: dict[str, int] = {}
        self.places: list[tuple[int, str]] = []
        """For each child its place in what is taken, and its path. Place -1: it is not taken."""
        self.last: list[Any] = []
        """What was remembered of all that is taken, by its place."""
        self._loose: dict[str, Any] = {}
        """What was remembered of children that are not taken, by their paths."""
        self.kinds: dict[str, int] = {}
        """The identities of the types of what is neither number nor text, by their paths."""
        self.below: dict[str, Box] = {}
        """The boxes of what was gone into, by their paths."""
        self.is_plain = False
        """All that may change in it is seen in what is taken: it needs no looking at anew."""
        self._refreshed = 0.0
        """When it was last gone through one by one; 0.0: it must be now."""

    @property
    def is_old(self) -> bool:
        """It is time to go through it one by one."""
        if not self._refreshed:
            return True
        return not self.is_plain and monotonic() - self._refreshed >= REFRESHED

    @is_old.setter
    def is_old(self, value: bool) -> None:
        self._refreshed = 0.0 if value else monotonic()

    def take(self, value: Any) -> list[Any] | None:
        """All values in it now; None: it must be gone through one by one."""
        if self._form is _Form.ONE_BY_ONE or self.kind is not type(value):
            return None
        try:
            return self._taken(value)
        except (AttributeError, RuntimeError):  # a slot was emptied; another thread changes it now
            return None

    def _taken(self, value: Any) -> list[Any] | None:
        names = self._names
        if self._form is _Form.LIST:
            kind: Any = container_of(value)
            taken: list[Any] = [*kind.__getitem__(value, slice(0, self._most))]
            return taken if len(taken) == len(names) else None
        taken = [read(value) for read in self._getters]
        inner: Any = value if self._form is _Form.DICT else instance_dict(value)
        if size_of(inner) != len(names):
            return None
        if names:
            if not all(map(is_, dict.__iter__(inner), names)):
                return None
            taken += dict.values(inner)
        return taken

    def begin(self, value: Any) -> None:
        """It is about to be gone through one by one: see how its values can be taken later."""
        self.kind, self._names, self._getters, self._index = type(value), [], [], {}
        try:
            self._form = self._find_form(value)
        except RuntimeError:  # another thread changes it at this moment
            self._form, self._names, self._getters = _Form.ONE_BY_ONE, [], []
        size = len(self._getters) + len(self._names)
        self.places, self.last, self._loose, self.kinds = [], [OTHER] * size, {}, {}

    def _find_form(self, value: Any) -> _Form:
        kind, names, slots = container_of(value), instance_dict(value), slots_of(type(value))
        if kind is None:
            if arrays.is_array(value) or fields_of(type(value)) or size_of(names) > self._most:
                return _Form.ONE_BY_ONE
            own: list[Any] = list(dict.__iter__(names)) if size_of(names) else []  # type: ignore[arg-type]
            if not all(type(name) is str for name in own):
                return _Form.ONE_BY_ONE
            if any(attribute(value, name) is None for name in slots):
                return _Form.ONE_BY_ONE  # one is empty, and may be filled
            self._getters = [class_attribute(type(value), name).__get__ for name in slots]
            self._names = own
            self._index = {name: at for at, name in enumerate((*slots, *own))}
            return _Form.OBJECT
        if slots or size_of(names) or has_more(type(value)):
            return _Form.ONE_BY_ONE
        if kind is list or kind is tuple:
            self._names = [None] * min(kind.__len__(value), self._most)
            return _Form.LIST
        if kind is dict and dict.__len__(value) <= self._most:
            self._names = list(dict.__iter__(value))
            return _Form.DICT if all(map(_is_name, self._names)) else _Form.ONE_BY_ONE
        return _Form.ONE_BY_ONE

    def add(self, child: Child, path: str, value: Any) -> bool:
        """A child that was come by, and what is remembered of it. Returns whether it is taken."""
        at = self._place_of(child)
        if value is OTHER:
            self.kinds[path] = id(type(child.found.value))
        self.places.append((at, path))
        if at >= 0:
            self.last[at] = value
        elif value is not OTHER:
            self._loose[path] = value
        return at >= 0

    def remembered_by_path(self) -> dict[str, Any]:
        """The numbers and texts that were there."""
        last = self.last
        taken = {path: last[at] for at, path in self.places if at >= 0 and last[at] is not OTHER}
        return taken | self._loose

    def _place_of(self, child: Child) -> int:
        if self._form is _Form.OBJECT:
            is_own = child.found.way is Way.VALUE and not child.found.in_class
            name = child.step.name if isinstance(child.step, Attribute) else ""
            return self._index.get(name, -1) if is_own else -1
        if self._form is _Form.LIST:
            at = child.step.key if isinstance(child.step, Item) else -1
            return at if type(at) is int and at < len(self._names) else -1
        if self._form is _Form.DICT:
            at = len(self.places)
            if at < len(self._names) and child.key is self._names[at]:
                return at
            self._form = _Form.ONE_BY_ONE  # it has changed meanwhile
        return -1
