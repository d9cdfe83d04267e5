"""`scene.click`: the pointer goes to what fits a selector, and its button is pressed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from stagedoor.live.domains.scene.searching import (
    SceneNode,
    Search,
    Turns,
    entry,
    looking_for,
    search,
)
from stagedoor.live.engines.scene import Node, Rect
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import HandlerError

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MOST: Final = 10_000
"""The most nodes among which an index chooses."""
MAX_PATIENCE: Final = 600.0

Index = Annotated[int, msgspec.Meta(ge=0, lt=MOST)]
MouseButton = Annotated[int, msgspec.Meta(ge=1, le=5)]
Patience = Annotated[float, msgspec.Meta(ge=0, le=MAX_PATIENCE)]


@dataclass(frozen=True, slots=True)
class Clicked:
    """What was clicked."""

    frame: int
    """The frame in which it was found, and the button pressed."""
    x: int
    """Where: pixels from the left of the picture."""
    y: int
    """Pixels from its top."""
    node: SceneNode


def add_to(parts: Parts, turns: Turns, /) -> None:
    """Register the method."""
    hub = parts.hub

    def click(
        session: Session,
        selector: str,
        index: Index | None = None,
        button: MouseButton = 1,
        seconds: Patience = 0.0,
        evaluate: bool = False,
    ) -> Generator[object, None, Clicked]:
        """Click what fits a selector, in the middle of what is seen of it.

        One thing must fit, be shown and be enabled; `index` chooses one of several, the one at the
        back being 0. `button`: 1 left, 2 middle, 3 right. `seconds`: how long to wait for it.
        `evaluate`: as for `scene.tree`. It answers when the button is released.

        >>> click('"New game"')
        """
        wanted = looking_for(session, selector, limit=MOST, hidden=False, evaluate=evaluate)
        start = monotonic()
        while True:
            yield from turns.take(session, search(parts.scene, wanted))
            try:
                node, x, y = _choose(wanted, index, _size(parts))
                break
            except HandlerError:
                if monotonic() - start >= seconds:
                    raise
            yield NEXT_FRAME
        clicked = Clicked(hub.frame, x, y, entry(node))
        yield from parts.hands.click(session, x, y, button=button)
        return clicked

    hub.methods.add_built_in(click, "scene.click", role="operator", timeout=None, with_session=True)


def _size(parts: Parts) -> tuple[int, int] | None:
    """The size of the game's picture; None if it is not known."""
    window = None if parts.engine is None else parts.engine.window()
    return None if window is None else (window.picture_width, window.picture_height)


def _choose(
    wanted: Search, index: int | None, size: tuple[int, int] | None
) -> tuple[Node, int, int]:
    """The node to click, and where. Raises HandlerError if there is none."""
    selector, count = str(wanted.selector), len(wanted.found)
    if count == 0:
        because = "".join(f"; {trouble}" for trouble in wanted.troubles[:1])
        raise HandlerError("NothingFits", f"nothing on the screen fits {selector}{because}")
    if index is None and count > 1:
        some = f"more than {count}" if wanted.more else str(count)
        advice = "choose one by its index, or by a closer selector"
        raise HandlerError("SeveralFit", f"{some} things on the screen fit {selector}: {advice}")
    if (index or 0) >= count:
        reason = f"only {count} things on the screen fit {selector}: the index is 0 to {count - 1}"
        raise HandlerError("NothingFits", reason)
    node = wanted.found[index or 0]
    if node.is_enabled() is False:
        raise HandlerError("Disabled", f"what fits {selector} is disabled")
    rect = node.rect()
    if rect is None:
        why = node.unread.get("rect", "the game does not tell")
        raise HandlerError("NowhereToClick", f"where {selector} is, is not known: {why}")
    place = middle(rect, size)
    if place is None:
        at = ", ".join(f"{side:g}" for side in rect)
        raise HandlerError("NowhereToClick", f"nothing of {selector} is in the picture: [{at}]")
    return node, *place


def middle(rect: Rect, size: tuple[int, int] | None) -> tuple[int, int] | None:
    """The middle of what is seen of a rectangle in a picture of this size; None if that is
    nothing."""
    left, top, width, height = rect
    right, bottom = left + width, top + height
    left, top = max(left, 0), max(top, 0)
    if size is not None:
        right, bottom = min(right, size[0]), min(bottom, size[1])
    if right <= left or bottom <= top:
        return None
    return int((left + right) / 2), int((top + bottom) / 2)
