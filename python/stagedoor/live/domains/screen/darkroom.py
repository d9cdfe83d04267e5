"""`Darkroom`: takes pictures of the game, and has them encoded on a thread of their own."""

from __future__ import annotations

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
    frame: int
    """The frame in which it was taken."""
    size: int
    """The bytes of its pixels."""


class Darkroom:
    """Takes pictures of the game, and has them encoded. Game thread only."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._studio = Studio()
        self._picture: RawPicture | None = None
        """The picture of this frame."""
        self._size = 0
        self._frame = -1
        self._taken_at = 0.0
        self._under_way: list[Taken] = []

    def take(self) -> bool:
        """Take the picture of this frame. False: it comes in a later frame. Raises HandlerError if
        the game shows none."""
        frame, now = self._parts.hub.frame, monotonic()
        if self._picture is not None and frame == self._frame and now - self._taken_at < SAME:
            return True
        self._picture = None
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
            return False
        self._picture = RawPicture(
            picture.data,
            width=picture.width,
            height=picture.height,
            stride=picture.stride,
            layout=picture.layout,
            bottom_up=picture.bottom_up,
        )
        self._size, self._frame, self._taken_at = len(picture.data), frame, monotonic()
        return True

    def develop(self, shot: Shot, *, most: int, as_json: bool) -> Taken:
        """Have the picture of this frame encoded, in `most` bytes at most. Raises TooManyRequests
        if too much is being encoded."""
        assert self._picture is not None
        self._under_way = [one for one in self._under_way if not one.order.is_done]
        held = sum(one.size for one in self._under_way)
        order = None
        if not held or held + self._size <= MAX_HELD:
            order = self._studio.order(
                self._picture,
                quality=shot.quality if shot.format == "jpeg" else None,
                rectangle=shot.rectangle,
                width=shot.width,
                most=most,
                as_json=as_json,
            )
        if order is None:
            raise TooManyRequests("pictures that are being encoded")
        taken = Taken(order, self._frame, self._size)
        self._under_way.append(taken)
        return taken

    def tidy(self) -> None:
        """Let go of the last picture, which may be large."""
        self._picture = None

    def close(self) -> None:
        """End the thread. Does not block."""
        self._studio.close()
        self.tidy()


def no_picture(reason: str) -> HandlerError:
    """The error that tells a client why there is no picture."""
    return HandlerError("NoPicture", reason)
