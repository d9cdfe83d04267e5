"""`Darkroom`: takes pictures of the game, and has them encoded on a thread of their own."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import msgspec

from stagedoor._core import Order, RawPicture, Studio
from stagedoor.live.engines.picture import NoPictureError
from stagedoor.wire.errors import HandlerError, TooManyRequests
from stagedoor.wire.text import reason_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

Format: TypeAlias = Literal["png", "jpeg"]
Rectangle: TypeAlias = tuple[int, int, int, int]

MAX_PIXELS: Final = 65_535
"""The most pixels of a side."""
Pixels = Annotated[int, msgspec.Meta(ge=0, le=MAX_PIXELS)]
Width = Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS)]
Quality = Annotated[int, msgspec.Meta(ge=1, le=100)]

MAX_HELD: Final = 128 << 20
"""The most bytes of pictures that are being encoded. One picture alone may have more."""
SAME: Final = 0.004
"""Seconds for which a picture of one frame is the picture of the frame."""


class Shot(msgspec.Struct, frozen=True):
    """What is wanted of a picture."""

    format: Format
    quality: int
    """Of a JPEG: 1 to 100."""
    width: int | None
    """It is scaled down to this width, if it is wider."""
    rectangle: Rectangle | None
    """The part that is wanted: x, y, width, height."""


class Taken(msgspec.Struct, frozen=True):
    """A picture that is being encoded."""

    order: Order
    picture: RawPicture
    """It is kept, so that others who want one of this frame share it."""
    frame: int
    """The frame in which it was taken."""


class Darkroom:
    """Takes pictures of the game, and has them encoded. Game thread only."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._studio = Studio()
        self._last: Callable[[], RawPicture | None] = lambda: None
        """The last picture, if somebody keeps it."""
        self._frame = -1
        """The frame in which it was taken."""
        self._when = 0.0
        self._under_way: list[tuple[Order, int]] = []
        """What is being encoded, each with the bytes of its pixels."""

    def take(self) -> RawPicture | None:
        """The picture of this frame. None: it comes in a later frame. Raises HandlerError if the
        game shows none."""
        frame, now = self._parts.hub.frame, monotonic()
        last = self._last()
        if last is not None and frame == self._frame and now - self._when < SAME:
            return last
        engine = self._parts.engine
        if engine is None:
            raise no_picture("the game uses no framework that stagedoor knows")
        try:
            picture = engine.picture()
        except NoPictureError as error:
            raise no_picture(str(error)) from None
        except Exception as error:  # the framework's own
            raise no_picture(f"the game's picture cannot be read: {reason_of(error)}") from error
        if picture is None:
            return None
        raw = RawPicture(
            picture.data,
            width=picture.width,
            height=picture.height,
            stride=picture.stride,
            layout=picture.layout,
            bottom_up=picture.bottom_up,
        )
        self._last, self._frame, self._when = weakref.ref(raw), frame, monotonic()
        return raw

    def develop(self, picture: RawPicture, shot: Shot, *, most: int, as_json: bool) -> Taken:
        """Have the picture of this frame encoded, in `most` bytes at most. Raises TooManyRequests
        if too much is being encoded."""
        self._under_way = [one for one in self._under_way if not one[0].is_done]
        held = sum(size for _, size in self._under_way)
        width, height = picture.size
        size = 4 * width * height
        order = None
        if not held or held + size <= MAX_HELD:
            order = self._studio.order(
                picture,
                quality=shot.quality if shot.format == "jpeg" else None,
                rectangle=shot.rectangle,
                width=shot.width,
                most=most,
                as_json=as_json,
            )
        if order is None:
            raise TooManyRequests("pictures that are being encoded")
        self._under_way.append((order, size))
        return Taken(order, picture, self._frame)

    def close(self) -> None:
        """End the thread. Does not block."""
        self._studio.close()


def no_picture(reason: str) -> HandlerError:
    """The error that tells a client why there is no picture."""
    return HandlerError("NoPicture", reason)
