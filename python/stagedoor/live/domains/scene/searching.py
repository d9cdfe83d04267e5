"""Going through the scene in slices, for one caller: `search()`."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from stagedoor.live.domains.objects.telling import telling
from stagedoor.live.engines.scene import Node, Trouble
from stagedoor.live.language.path import Path
from stagedoor.live.language.selector import Selector, parse_selector
from stagedoor.live.reach import plain, rules
from stagedoor.live.rpc.calls import NEXT_FRAME, THIS_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.live.scene.looking import Looking
from stagedoor.live.scene.matching import Matching
from stagedoor.live.scene.scene import AT_ONCE, Scene
from stagedoor.wire.errors import Forbidden
from stagedoor.wire.roles import Role
from stagedoor.wire.text import exact

Result = TypeVar("Result")


class SceneNode(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One thing on the screen. Fields that are as usual are left out."""

    name: str = ""
    """What the game calls it."""
    type: str | None
    """The class of its object, with its module; null if it has no object."""
    rect: tuple[float, float, float, float] | None
    """Left, top, width and height, in pixels from the top left of the picture; null if that is not
    known."""
    visible: bool = True
    """Whether the game shows it. It may be outside the picture all the same."""
    enabled: bool = True
    """Whether it takes clicks."""
    text: str | None = None
    """What is written on it: the first 1 000 characters."""
    layer: float | None = None
    """What is in a higher layer covers what is in a lower one."""
    tags: list[str] = []
    """The classes that the game has given it."""
    path: str | None = None
    """Where its object is in `objects`: near a root, else by a handle: `scene["Ball#3"]`."""
    parent: int | None = None
    """What contains it: its place in this list, if it is there."""
    unread: dict[str, str] = {}
    """What of it could not be read, and why."""


@dataclass(slots=True)
class Search:
    """What a caller looks for, and what was found."""

    selector: Selector | None
    """None: everything."""
    role: Role
    """The caller's."""
    looking: Looking
    limit: int
    """The most nodes that are kept."""
    hidden: bool = False
    """Also what the game does not show, if the selector does not ask for that."""
    found: list[Node] = field(default_factory=list)
    more: bool = False
    """There are more than the limit, or may be."""
    troubles: list[str] = field(default_factory=list)
    """What could not be told."""


def looking_for(
    session: Session, selector: str | None, *, limit: int, hidden: bool, evaluate: bool
) -> Search:
    """Begin a search. Raises InvalidParams for a selector that does not parse, and Forbidden if the
    caller may not have properties of the game run."""
    role = session.role or Role.VIEWER
    if evaluate and role < rules.EVALUATES:
        raise Forbidden(rules.EVALUATES.label, "evaluate runs code of the game")
    with telling("$.selector"):
        parsed = None if selector is None else parse_selector(selector)
    return Search(parsed, role, Looking(role, evaluates=evaluate), limit, hidden)


def search(scene: Scene, wanted: Search) -> Generator[object, None, None]:
    """Go through the scene once. What was found before is forgotten."""
    wanted.found, wanted.troubles, wanted.more = [], [], False
    wanted.looking.begin()
    matching, hidden = None, wanted.hidden
    if wanted.selector is not None:
        matching = Matching(wanted.selector, wanted.looking.at)
        hidden = hidden or wanted.selector.asks_for_hidden
    for node in scene.walk(wanted.looking):
        if node is None:
            yield THIS_FRAME
        elif isinstance(node, Trouble):
            wanted.troubles.append(exact(node.reason))
        elif (matching is None or matching.fits(node)) and (hidden or node.is_visible()):
            if len(wanted.found) == wanted.limit:
                wanted.more = True
                break
            wanted.found.append(node)
    if matching is not None:
        wanted.troubles += [exact(f"{test}: {why}") for test, why in matching.unread.items()]
    # The walk may have taken some frames: what has left meanwhile is not there.
    found, wanted.found = wanted.found, []
    for count, node in enumerate(found, 1):
        if node.is_there():
            wanted.found.append(node)
        if count % AT_ONCE == 0:
            yield THIS_FRAME


class Turns:
    """Lets the searches of one client come one after another: each keeps what it goes through."""

    def __init__(self) -> None:
        self._searching: set[Session] = set()

    def take(
        self, session: Session, steps: Generator[object, None, Result]
    ) -> Generator[object, None, Result]:
        """Go through these steps when the client has no other search."""
        while session in self._searching:
            yield NEXT_FRAME
        self._searching.add(session)
        try:
            return (yield from steps)
        finally:
            self._searching.discard(session)


def entry(node: Node, path: Path | None = None, parent: int | None = None) -> SceneNode:
    """What a client is told of a node, as it is now. `path`: to its object."""
    text = node.text()
    name, rect, is_visible = node.name(), node.rect(), node.is_visible()
    return SceneNode(
        name=exact(name),
        type=None if node.target is None else plain.type_name(node.kind),
        rect=rect,
        visible=is_visible,
        enabled=node.is_enabled() is not False,
        text=None if text is None else exact(text),
        layer=node.layer(),
        tags=[exact(tag) for tag in node.tags()],
        path=None if path is None else exact(str(path)),
        parent=parent,
        unread={name: exact(why) for name, why in node.unread.items()},
    )
