"""The methods of `scene`. They go through the scene in slices: no frame waits for all of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import msgspec

from stagedoor.live.domains.scene import clicking
from stagedoor.live.domains.scene.searching import (
    SceneNode,
    Search,
    Turns,
    entry,
    looking_for,
    search,
)
from stagedoor.live.domains.slices import TIMEOUT, in_slices
from stagedoor.live.language.path import Path
from stagedoor.live.reach.roots import Roots
from stagedoor.live.rpc.calls import NEXT_FRAME, THIS_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.live.scene.paths import find_paths, path_by_handle
from stagedoor.wire.errors import TimedOut

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_NODES: Final = 10_000
"""The most nodes in one answer."""
MAX_WAIT: Final = 3600.0
"""The most seconds that a caller may wait."""
_AT_ONCE: Final = 8
"""How many nodes are described and encoded at a time."""

Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_NODES)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_WAIT)]
Frames = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class SceneNodes:
    """What is on the screen."""

    began: int
    """The frame in which the search began. Many nodes are gone through in several frames: each is
    told as it was when the search came to it."""
    frame: int
    """The frame in which it ended."""
    nodes: list[SceneNode]
    """From the back to the front."""
    more: bool
    """There may be more than the limit."""
    troubles: list[str]
    """What could not be told, and why: a test of a selector that only an admin may have run, a
    function of the game that raised."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub, scene, turns = parts.hub, parts.scene, Turns()

    def tree(
        session: Session,
        limit: Limit = 1000,
        hidden: bool = False,
        evaluate: bool = False,
        paths: bool = True,
    ) -> Generator[object, None, SceneNodes]:
        """Everything on the screen, with what contains it.

        `limit`: the most nodes. `hidden`: also what the game does not show. `evaluate`: run
        properties of the game for it; admins only. `paths`: find out where in `objects` they are;
        that takes some frames if much is exposed.
        """
        wanted = looking_for(session, None, limit=limit, hidden=hidden, evaluate=evaluate)
        return (yield from turns.take(session, _found(wanted, paths)))

    def find(
        session: Session,
        selector: str,
        limit: Limit = 100,
        hidden: bool = False,
        evaluate: bool = False,
        paths: bool = True,
    ) -> Generator[object, None, SceneNodes]:
        """What on the screen fits a selector: `Enemy[hp<10]`, `#start`, `"New game"`.

        `limit`, `hidden`, `evaluate`, `paths`: as for `scene.tree`.

        >>> find('Window > "New game"')
        """
        wanted = looking_for(session, selector, limit=limit, hidden=hidden, evaluate=evaluate)
        return (yield from turns.take(session, _found(wanted, paths)))

    def wait(
        session: Session,
        selector: str,
        gone: bool = False,
        seconds: Seconds = 5.0,
        frames: Frames | None = None,
        hidden: bool = False,
        evaluate: bool = False,
    ) -> Generator[object, None, SceneNodes]:
        """Wait until something fits a selector, and return it; or until nothing does any more.

        `gone`: wait until nothing fits. `seconds`, `frames`: how long at most; then the call times
        out. No frame passes while the game is paused. `hidden`, `evaluate`: as for `scene.tree`.
        """
        wanted = looking_for(session, selector, limit=1, hidden=hidden, evaluate=evaluate)
        start, began = monotonic(), hub.frame
        while True:
            frame = hub.frame
            yield from turns.take(session, search(scene, wanted))
            if bool(wanted.found) is not gone:
                return (yield from _told(frame, wanted, None))
            waited = monotonic() - start
            if waited >= seconds or (frames is not None and hub.frame - began >= frames):
                raise TimedOut(round(waited, 3))
            yield NEXT_FRAME

    def _found(wanted: Search, paths: bool) -> Generator[object, None, SceneNodes]:
        began = hub.frame
        yield from search(scene, wanted)
        found = yield from _paths(wanted, paths)
        return (yield from _told(began, wanted, found))

    def _paths(wanted: Search, asked: bool) -> Generator[object, None, dict[int, Path] | None]:
        objects = [node.target for node in wanted.found if node.target is not None]
        if not asked:
            return None
        looking = find_paths(parts.roots, objects, wanted.role)
        while True:
            try:
                next(looking)
            except StopIteration as stop:
                return cast(dict[int, Path], stop.value)
            yield THIS_FRAME

    def _told(
        began: int, wanted: Search, paths: dict[int, Path] | None
    ) -> Generator[object, None, SceneNodes]:
        nodes = yield from in_slices(
            hub.ours_to_json, _entries(wanted, paths, parts.roots), _AT_ONCE
        )
        return SceneNodes(began, hub.frame, cast(list[Any], nodes), wanted.more, wanted.troubles)

    clicking.add_to(parts, turns)
    methods = hub.methods
    methods.add_built_in(tree, "scene.tree", role="viewer", timeout=TIMEOUT, with_session=True)
    methods.add_built_in(find, "scene.find", role="viewer", timeout=TIMEOUT, with_session=True)
    methods.add_built_in(wait, "scene.wait", role="viewer", timeout=None, with_session=True)


def _entries(wanted: Search, paths: dict[int, Path] | None, roots: Roots) -> Iterator[SceneNode]:
    places: dict[int, int] = {}
    for place, node in enumerate(wanted.found):
        parent = None if node.parent is None else places.get(id(node.parent))
        places[id(node)] = place
        path = None
        if paths is not None:
            path = paths.get(id(node.target)) or path_by_handle(roots, node, wanted.role)
        yield entry(node, path, parent)
