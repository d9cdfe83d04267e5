"""`Pictures`: the window and the picture of a pygame game, wherever it draws.

The surface of `pygame.display` and of a `pygame.Window` can be read at any time. What OpenGL or a
`Renderer` has drawn can be read only just before it is shown.
"""

from __future__ import annotations

import sys
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.engines.picture import Layout, NoPictureError, Picture, Window
from stagedoor.live.engines.showing import showing

if TYPE_CHECKING:
    import pygame

NEW: Final = 0.5
"""For so many seconds a picture that was asked for is new, even if others were shown since."""

_LAYOUTS: Final[dict[tuple[int, int, int], Layout]] = {
    (0xFF0000, 0xFF00, 0xFF): "BGRX",
    (0xFF, 0xFF00, 0xFF0000): "RGBX",
}
"""By the masks of red, green and blue, on a machine whose lowest byte is the first."""


class Shown:
    """The `pygame.Window` that was shown last. It is not kept alive."""

    def __init__(self) -> None:
        self._surface: weakref.ref[pygame.Surface] | None = None
        self._title = ""

    def note(self, window: Any) -> None:
        """It is about to be shown."""
        try:
            surface = window.get_surface()
            if self._surface is None or self._surface() is not surface:
                self._surface = weakref.ref(surface)
            self._title = window.title
        except Exception:  # it is drawn by OpenGL
            self._surface = None

    def forget(self, other: object) -> None:
        """Something else is about to be shown."""
        self._surface = None

    @property
    def is_gone(self) -> bool:
        """It had a surface, and has been destroyed."""
        return self._surface is not None and self.surface() is None

    def surface(self) -> pygame.Surface | None:
        """Its surface; None if there is none any more, or if it is drawn by OpenGL."""
        surface = None if self._surface is None else self._surface()
        if surface is None:
            return None
        try:
            surface.get_size()
        except Exception:  # the window was destroyed
            return None
        return surface

    def window(self) -> Window | None:
        """What is known of it."""
        surface = self.surface()
        if surface is None:
            return None
        return Window(self._title, *surface.get_size(), *surface.get_size())


shown: Final = Shown()
"""That of this process."""


class Pictures:
    """Reads what the game shows. Game thread only."""

    def __init__(self) -> None:
        import pygame

        self._pygame = pygame
        self._taken: Picture | NoPictureError | None = None
        """The last picture that was read before it was shown, or why it could not be read."""
        self._taken_at = 0
        """What `showing.count` was then."""
        self._taken_when = 0.0
        self._is_new = False
        """Nobody has got it yet."""

    def window(self) -> Window | None:
        """See `Engine.window`."""
        display = self._pygame.display
        surface = display.get_surface() if display.get_init() else None
        if surface is None:
            return shown.window()
        return Window(display.get_caption()[0], *display.get_window_size(), *surface.get_size())

    def picture(self) -> Picture | None:
        """See `Engine.picture`."""
        display = self._pygame.display
        is_open = display.get_init()
        surface = display.get_surface() if is_open else None
        if surface is None:
            surface = shown.surface()
        if surface is not None and not surface.get_flags() & self._pygame.OPENGL:
            return self._drawn(surface)
        if showing.count == 0:
            raise NoPictureError(
                "the game has no window yet"
                if surface is None
                else "the game has shown nothing yet"
            )
        if not is_open or shown.is_gone:
            raise NoPictureError("the game has closed its window")
        return self._shown_last()

    def _drawn(self, surface: pygame.Surface) -> Picture:
        picture = read(self._pygame, surface)
        if showing.count == 0 and picture.data == bytes(len(picture.data)):
            raise NoPictureError("the game has shown nothing yet")
        return picture

    def _shown_last(self) -> Picture | None:
        taken, is_new = self._taken, self._is_new
        is_new = is_new and monotonic() - self._taken_when < NEW
        self._is_new = False
        if taken is not None and (is_new or self._taken_at == showing.count):
            if isinstance(taken, NoPictureError):
                raise NoPictureError(*taken.args)
            return taken
        self._taken = None
        showing.take_next(self._take)
        return None

    def _take(self, source: Any) -> None:
        """Called just before a picture is shown."""
        try:
            self._taken = self._read(source)
        except NoPictureError as error:
            self._taken = error
        except Exception as error:  # the framework's own
            self._taken = NoPictureError(
                f"the picture cannot be read: {type(error).__name__}: {error}"
            )
        self._taken_at = showing.count
        self._taken_when = monotonic()
        self._is_new = True

    def _read(self, source: Any) -> Picture:
        from stagedoor.live.engines.pygame.opengl import read_back_buffer  # ctypes takes 2 ms

        pygame = self._pygame
        if hasattr(source, "to_surface"):
            return read(pygame, source.to_surface())
        if source is None:
            surface = pygame.display.get_surface()
            if not surface.get_flags() & pygame.OPENGL:
                return read(pygame, surface)
            return read_back_buffer(*surface.get_size())
        if not getattr(source, "opengl", False):
            return read(pygame, source.get_surface())
        return read_back_buffer(*source.size)


def read(pygame: Any, surface: pygame.Surface) -> Picture:
    """The pixels of a surface."""
    width, height = surface.get_size()
    layout = _LAYOUTS.get(surface.get_masks()[:3])
    if layout is not None and surface.get_bytesize() == 4 and sys.byteorder == "little":
        data = surface.get_buffer().raw
        return Picture(data, width, height, surface.get_pitch(), layout)
    data = pygame.image.tobytes(surface, "RGB")  # slower, and takes every kind of surface
    return Picture(data, width, height, 3 * width, "RGB")
