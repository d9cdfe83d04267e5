"""The sprites in pygame's groups. A group is known from when a sprite is added to it."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.engines.scene import (
    Node,
    Provider,
    Reader,
    Trouble,
    Unread,
    knows_rects,
    number_of,
)
from stagedoor.live.reach import plain, rules
from stagedoor.live.reach.stored import knows

if TYPE_CHECKING:
    from stagedoor.live.engines.imports import Patch

_DEEPEST: Final = 3
"""How many attributes from the main module a group is looked for: `game.level.rocks`."""
_MOST: Final = 5000
"""The most values that are looked at for that."""
_AT_ONCE: Final = 20
"""How many of them before the walk may pause."""
_PARTS: Final = 61
_SIZE: Final = 16
"""Objects are that many bytes apart at least."""
_OURS: Final = "_stagedoor_sees"
"""An attribute of the function that replaces a sprite's."""


class Groups:
    """Groups that were seen while something was added to them. Does not keep them.

    Any thread may call `saw()`.
    """

    def __init__(self) -> None:
        self._known: dict[int, weakref.ref[Any]] = {}
        self._has_looked = False

    def watch(self, sprite_type: Any) -> None:
        """See the groups that sprites of this type are added to, from now on.

        Each group calls `add_internal` of each sprite that is added, whatever it is a group of."""
        real = sprite_type.add_internal
        if hasattr(real, _OURS):
            return
        known, saw = self._known, self.saw

        @functools.wraps(real)
        def add_internal(self: Any, group: Any) -> None:
            real(self, group)
            if id(group) not in known:
                saw(group)

        setattr(add_internal, _OURS, True)
        sprite_type.add_internal = add_internal

    def saw(self, group: object) -> None:
        """Know a group from now on."""
        with suppress(TypeError):  # of a class of the game's own, without weak references
            self._known[id(group)] = weakref.ref(group, partial(self._forget, id(group)))

    def look_around(self, kind: type) -> Iterator[None]:
        """Know also the groups of a kind that were filled before the stage was started, and are not
        far from the names of the game's main module. Does so once. Yields where it may pause."""
        if self._has_looked:
            return
        self._has_looked = True
        around: list[tuple[object, int]] = [(sys.modules.get("__main__"), 0)]
        seen: dict[int, object] = {}
        for count, (value, steps) in enumerate(around):
            if count % _AT_ONCE == 0:
                yield None
            if plain.is_kind(value, kind):
                if id(value) not in self._known:
                    self.saw(value)
            elif steps < _DEEPEST and not rules.is_leaf(value, is_root=steps == 0):
                for inner in plain.values_in(plain.instance_dict(value)):
                    if id(inner) not in seen and len(seen) < _MOST:
                        seen[id(inner)] = inner
                        around.append((inner, steps + 1))

    def _forget(self, ident: int, reference: object) -> None:
        if self._known.get(ident) is reference:
            del self._known[ident]

    def __iter__(self) -> Iterator[object]:
        """Those that are still there, in the order in which they were seen."""
        for reference in list(self._known.values()):
            if (group := reference()) is not None:
                yield group


GROUPS: Final = Groups()
"""Those of this process."""


def are_seen() -> bool:
    """Whether groups of the game's are seen, as they are since a stage was started."""
    from pygame import sprite

    return hasattr(sprite.Sprite.add_internal, _OURS)


def is_in_a_group(groups: object) -> bool:
    """Whether what a sprite keeps of its groups is not empty; pygame-ce has a dict, pygame a set.
    What is neither is none of theirs, and says nothing."""
    return not (type(groups) in (dict, set) and not groups)


def members(group: object, read: Reader) -> list[object]:
    """The sprites of a group, from the back to the front as far as it has an order.

    They are read where pygame has them: `sprites()` may be the game's own."""
    ordered = read(group, "_spritelist")
    if type(ordered) is list:
        return list(ordered)
    single = read(group, "_GroupSingle__sprite")
    if type(single) is not Unread:
        return [] if single is None else [single]
    found = read(group, "spritedict")
    return list(dict.keys(found)) if issubclass(type(found), dict) else []  # type: ignore[arg-type]


class SpriteNode(Node):
    """A sprite."""

    __slots__ = ()

    def is_there(self) -> bool:
        return is_in_a_group(self.read(self.target, "_Sprite__g"))

    def layer(self) -> float | None:
        return number_of(self.value("_layer"))


class Sprites:
    """The sprites of all groups, each once."""

    def nodes(self, read: Reader) -> Iterator[Node | Trouble | None]:
        seen = Seen()
        yield from GROUPS.look_around(sys.modules["pygame.sprite"].AbstractGroup)
        for group in GROUPS:
            for sprite in members(group, read):
                if seen.is_new(sprite):
                    yield SpriteNode(sprite, read)
            yield None
        yield from seen.forget()


class Seen:
    """The sprites that a walk has come to. It keeps them, so that they keep their ids.

    It is in parts: one large dict would take some milliseconds when it grows, and when it goes."""

    def __init__(self) -> None:
        self._parts: list[dict[int, object]] = [{} for _ in range(_PARTS)]

    def is_new(self, sprite: object) -> bool:
        """Whether the walk has not come to it before."""
        number = id(sprite)
        part = self._parts[number // _SIZE % _PARTS]
        if number in part:
            return False
        part[number] = sprite
        return True

    def forget(self) -> Iterator[None]:
        """Let go of them, a part at a time."""
        while self._parts:
            self._parts.pop()
            yield None


def provider() -> Provider:
    """The layer of sprites."""
    return Sprites()


def patches() -> dict[str, Patch]:
    """The patch by which groups are seen."""
    return {"pygame.sprite": patch}


def patch(module: Any) -> None:
    """Know pygame's sprites from now on, and see their groups."""
    knows(module.Sprite, {"rect": "_Sprite__rect", "image": "_Sprite__image", "layer": "_layer"})
    knows(module.DirtySprite, {"visible": "_visible", "layer": "_layer"})
    rects = vars(sys.modules["pygame.rect"])
    knows_rects(*[rects[name] for name in ("Rect", "FRect") if name in rects])
    GROUPS.watch(module.Sprite)
