"""`Looking`: what one caller may see of the game's objects, by the rules of `live/reach`."""

from __future__ import annotations

from typing import Final

from stagedoor.live.engines.scene import MISSING, Unread
from stagedoor.live.language.path import Attribute, Item, Member, Path, Step
from stagedoor.live.reach import members, plain, rules
from stagedoor.live.reach.members import Found, Way
from stagedoor.wire.roles import Role
from stagedoor.wire.secrecy import names_secret
from stagedoor.wire.text import reason_of

MOST_KEYS: Final = 1000
"""In a dict or set with more keys none is looked for: that would be done for each node."""
_MAX_REASON: Final = 200
"""How many characters of what an exception says are told."""


class Looking:
    """Reads the game's objects for one call: a `Reader`, and a `Look`."""

    def __init__(self, role: Role = Role.VIEWER, *, evaluates: bool = False) -> None:
        """`evaluates`: run properties of the game, as an admin may ask for."""
        self._role = role
        self._evaluates = evaluates
        self._open: dict[str, bool] = {}
        """Whether this role may see attributes of this name."""
        self._plain_names: dict[tuple[int, str], type] = {}
        """Names that a type and its bases know nothing of: an object has them in its dict, if at
        all. What is looked up once for each type makes a search many times faster."""

    def begin(self) -> None:
        """Look at the game's types anew: they may have changed since the last search."""
        self._plain_names.clear()

    def __call__(self, target: object, name: str, /) -> object:
        """An attribute that a layer needs, whatever its name; an `Unread` if there is none."""
        if name == "__dict__":
            return plain.instance_dict(target)
        return self._read(target, name, is_asked=False)

    def _read(self, target: object, name: str, *, is_asked: bool) -> object:
        """`is_asked`: somebody has named it, so that `__getattr__` may answer, too."""
        names, key = plain.instance_dict(target), (id(type(target)), name)
        if plain.size_of(names) > MOST_KEYS:
            return Unread(f"too many attributes to look for {name}", name)
        if key in self._plain_names:
            value = plain.value_in(names, name)
            return MISSING if value is plain.MISSING else value
        kind = type(target)
        is_plain = plain.class_attribute(kind, name) is plain.MISSING
        if is_plain and not members.answers_any_name(kind):
            self._plain_names[key] = kind
        found = members.attribute(target, name)
        if found is not None and found.value is plain.MISSING and not is_asked:
            return MISSING
        return self._value(target, name, found)

    def is_secret(self, name: str, /) -> bool:
        """Whether a name says that this caller may not see what is there, as in `password`."""
        return self._role < Role.ADMIN and names_secret(name)

    def _is_open(self, name: str) -> bool:
        found = self._open.get(name)
        if found is None:
            found = self._open[name] = rules.is_open(name, self._role)
        return found

    def at(self, target: object, path: Path) -> object:
        """The value at a path from an object; an `Unread` if this caller may not see it."""
        value = target
        for step in (Attribute(path.root), *path.steps):
            if rules.is_leaf(value):
                return MISSING
            value = self._step(value, step)
            if type(value) is Unread:
                break
        return value

    def _step(self, value: object, step: Step) -> object:
        if isinstance(step, Attribute):
            if not self._is_open(step.name):
                return Unread(f"{step.name} is not for this role", step)
            return self._read(value, step.name, is_asked=True)
        return self._item(value, step)

    def _item(self, value: object, step: Item | Member) -> object:
        if isinstance(step.key, str) and not rules.is_open(step.key, self._role):
            return Unread(f"{step.key} is not for this role", step)
        is_searched = plain.first_of(value, (dict, *members.SETS)) is not None
        if is_searched and members.count_items(value) > MOST_KEYS:
            return Unread(f"too many keys to look for {step}", step)
        try:
            next(members.item(value, step))
        except StopIteration as found:
            child = found.value
        else:
            raise AssertionError("so few keys are looked at in one piece")
        if child is None:
            return MISSING
        if not rules.is_open(child.name, self._role):
            return Unread(f"{child.name} is not for this role", step)
        return child.found.value

    def _value(self, target: object, name: str, found: Found | None) -> object:
        if found is None:
            return MISSING
        if found.way is Way.VALUE:
            return found.value
        if found.way is Way.ROUTINE:
            return Unread(f"{name} is a method")
        if not self._evaluates:
            return Unread(
                f"{name} is code of the game, which runs for an admin who asks for it (evaluate)",
                found.value,
            )
        try:
            return getattr(target, name)
        except AttributeError:
            return MISSING
        except Exception as error:
            return Unread(reason_of(error)[:_MAX_REASON], found.value)
