"""`screen.window` and `screen.capture`."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from stagedoor._core import Order, RawPicture
from stagedoor.live.domains.screen import stream
from stagedoor.live.domains.screen.darkroom import (
    Darkroom,
    Format,
    Pixels,
    Quality,
    Shot,
    Width,
    no_picture,
)
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.wire.encoding import Sealed
from stagedoor.wire.errors import InvalidParams, TooManyRequests

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

PATIENCE: Final = 4.0
"""Seconds that a game has to show a picture that can be read only when it is shown."""
TIMEOUT: Final = 30.0
"""Seconds for a capture in all: large pictures wait for each other."""
AROUND: Final = 1024
"""The bytes of an answer, at most, beside the picture's."""


@dataclass(frozen=True, slots=True)
class ScreenWindow:
    """The game's window."""

    title: str
    width: int
    """Pixels that the window has, without its frame."""
    height: int
    picture_width: int
    """Pixels that the game's picture has: other than the window's if the framework scales it."""
    picture_height: int


@dataclass(frozen=True, slots=True)
class Capture:
    """A picture of the game."""

    frame: int
    """The frame at whose beginning it was taken: it shows what the game had drawn until then."""
    format: Format
    width: int
    """Pixels."""
    height: int
    data: bytes
    """The file."""
    encoding: float
    """Seconds that it took to encode it, on a thread of its own."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub
    darkroom = Darkroom(parts)
    pending: set[Session] = set()
    """Those whose capture waits for the game's picture."""
    last: dict[Session, Order] = {}
    """The newest capture of each."""

    def window() -> ScreenWindow | None:
        """The game's window: title and size; null if it has none, or if that is not known."""
        found = None if parts.engine is None else parts.engine.window()
        if found is None:
            return None
        return ScreenWindow(
            found.title, found.width, found.height, found.picture_width, found.picture_height
        )

    def capture(
        session: Session,
        format: Format = "png",
        width: Width | None = None,
        rectangle: tuple[Pixels, Pixels, Width, Width] | None = None,
        quality: Quality = 75,
    ) -> Generator[Any, None, Capture]:
        """A picture of the game, with the number of its frame. Answers also while it is paused.

        `width`: it is scaled down to this width, if it is wider. `rectangle`: the part that is
        wanted, as [x, y, width, height] in pixels of the game's picture, from its top left; what
        lies outside is left out. `quality`: of a jpeg. A client has one capture under way at a
        time.

        >>> capture(format="jpeg", width=640)
        """
        before = last.get(session)
        if session in pending or (before is not None and not before.is_done):
            raise TooManyRequests("1 capture under way")
        shot = Shot(format, quality, width, rectangle)
        pending.add(session)
        try:
            picture = yield from _wait_for_picture(parts, darkroom)
            most = max(0, hub.limits.max_answer_size - AROUND) * 3 // 4
            taken = darkroom.develop(picture, shot, most=most, as_json=True)
            last[session] = taken.order
            del picture
        finally:
            pending.discard(session)
        try:
            while not taken.order.is_done:
                yield NEXT_FRAME
        except GeneratorExit:
            taken.order.cancel()
            raise
        try:
            data, width, height, seconds = taken.order.take()
        except ValueError as error:
            raise InvalidParams(str(error)) from None
        file = cast(bytes, msgspec.Raw(data))
        found = Capture(taken.frame, format, width, height, file, seconds)
        return cast(Capture, Sealed(found))

    def left(session: Session, change: str) -> None:
        if change == "left":
            last.pop(session, None)

    hub.on_session.append(left)
    hub.on_close.append(darkroom.close)
    hub.methods.add_built_in(window, "screen.window", role="viewer")
    hub.methods.add_built_in(
        capture, "screen.capture", role="viewer", with_session=True, timeout=TIMEOUT
    )
    stream.add_to(parts, darkroom)


def _wait_for_picture(parts: Parts, darkroom: Darkroom) -> Generator[Any, None, RawPicture]:
    """The picture of the frame, or of a later one. Raises HandlerError."""
    deadline = monotonic() + PATIENCE
    while (picture := darkroom.take()) is None:
        if monotonic() > deadline:
            reason = f"the game has shown no picture for {PATIENCE:g} s"
            if parts.pace.is_held:
                reason = (
                    "the game is paused, and its picture can be read only when it is shown: let it "
                    "step meanwhile"
                )
            raise no_picture(reason)
        yield NEXT_FRAME
    return picture
