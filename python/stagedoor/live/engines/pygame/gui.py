"""The elements of pygame_gui. Their groups are seen as pygame's are, and are not pygame's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.engines.pygame.groups import Groups, is_in_a_group, members
from stagedoor.live.engines.scene import (
    Node,
    Provider,
    Reader,
    Trouble,
    is_true,
    number_of,
    text_of,
)
from stagedoor.live.reach.stored import knows

if TYPE_CHECKING:
    from stagedoor.live.engines.imports import Patch

GROUPS: Final = Groups()
"""Those of this process: each `UIManager` has one."""
_TEXTS: Final = ("text", "html_text", "window_display_title")
"""Where an element has its text."""
_AT_ONCE: Final = 50
"""How many elements are looked at for their containers before the walk may pause."""


class ElementNode(Node):
    """An element: a button, a label, a window."""

    __slots__ = ()

    def is_there(self) -> bool:
        return is_in_a_group(self.read(self.target, "_GUISprite__g"))

    def name(self) -> str:
        return (self._own_id("object_ids") or "").removeprefix("#")

    def tags(self) -> tuple[str, ...]:
        tag = (self._own_id("class_ids") or "").removeprefix("@")
        return (tag,) if tag else ()

    def _own_id(self, name: str) -> str | None:
        """Its own of the ids of its containers and itself."""
        ids = self.value(name)
        return text_of(list.__getitem__(ids, -1)) if type(ids) is list and ids else None

    def written(self) -> str | None:
        if self.hides_text():
            return None
        for name in _TEXTS:
            if (text := text_of(self.value(name))) is not None:
                return text
        chosen = self.value("selected_option")
        if type(chosen) is tuple and chosen:
            chosen = chosen[0]
        return text_of(chosen)

    def hides_text(self) -> bool:
        return is_true(self.value("is_text_hidden"))

    def is_enabled(self) -> bool | None:
        found = self.value("is_enabled")
        return None if found is None else is_true(found)

    def layer(self) -> float | None:
        return number_of(self.value("_layer"))


class Elements:
    """The elements of all managers."""

    def nodes(self, read: Reader) -> Iterator[Node | Trouble | None]:
        groups = sys.modules["pygame_gui.core.layered_gui_group"]
        yield from GROUPS.look_around(groups.LayeredGUIGroup)
        for group in GROUPS:
            found = {id(one): ElementNode(one, read) for one in members(group, read)}
            yield from _find_parents(found, read)
            yield from found.values()


def _find_parents(found: dict[int, ElementNode], read: Reader) -> Iterator[None]:
    """Tell each element of what contains it.

    A window or a panel has containers of its own, which are elements beside it: they count as being
    in it."""
    owners: dict[int, ElementNode] = {}
    for count, node in enumerate(found.values()):
        if count % _AT_ONCE == 0:
            yield None
        own = read(node.target, "__dict__")
        if type(own) is not dict:
            continue
        for name, value in list(dict.items(own)):
            is_own = type(name) is str and "container" in name and name != "ui_container"
            if is_own and id(value) in found and value is not node.target:
                owners.setdefault(id(value), node)
    for count, (ident, node) in enumerate(found.items()):
        if count % _AT_ONCE == 0:
            yield None
        parent = owners.get(ident) or found.get(id(node.value("ui_container")))
        node.parent = None if parent is node else parent


def provider() -> Provider:
    """The layer of pygame_gui."""
    return Elements()


def patches() -> dict[str, Patch]:
    """The patch by which the managers' groups are seen."""
    return {"pygame_gui.core.layered_gui_group": patch}


def patch(module: Any) -> None:
    """Know pygame_gui's elements from now on, and see their groups."""
    names = ("rect", "image", "visible", "layer", "blendmode")
    knows(module.GUISprite, {name: f"_{name}" for name in names})
    GROUPS.watch(module.GUISprite)
