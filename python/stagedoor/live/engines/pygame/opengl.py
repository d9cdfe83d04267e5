"""`read_back_buffer()`: what OpenGL has drawn in the current context, before it is shown.

pygame has no function for that, so the system's OpenGL is called by ctypes. What the game has set
is as before after it.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any, Final

from stagedoor.live.engines.picture import NoPictureError, Picture

_NAMES: Final = {
    "win32": "opengl32",
    "darwin": "/System/Library/Frameworks/OpenGL.framework/OpenGL",
}

_RGBA: Final = 0x1908
_UNSIGNED_BYTE: Final = 0x1401
_PIXEL_PACK_BUFFER: Final = 0x88EB
_PIXEL_PACK_BUFFER_BINDING: Final = 0x88ED
_READ_FRAMEBUFFER: Final = 0x8CA8
_READ_FRAMEBUFFER_BINDING: Final = 0x8CAA
_LAYOUT: Final = {0x0D05: 1, 0x0D02: 0, 0x0D03: 0, 0x0D04: 0}
"""GL_PACK_ALIGNMENT, GL_PACK_ROW_LENGTH, GL_PACK_SKIP_ROWS, GL_PACK_SKIP_PIXELS: what they must be
so that the rows follow each other."""


def read_back_buffer(width: int, height: int) -> Picture:
    """The picture of the current context's window. Raises NoPictureError if OpenGL cannot be
    called."""
    gl = _library()
    data = ctypes.create_string_buffer(4 * width * height)
    before = {name: _integer(gl, name) for name in _LAYOUT}
    framebuffer = _integer(gl, _READ_FRAMEBUFFER_BINDING)
    buffer = _integer(gl, _PIXEL_PACK_BUFFER_BINDING)
    try:
        if framebuffer:
            gl.glBindFramebuffer(_READ_FRAMEBUFFER, 0)
        if buffer:  # otherwise the pixels would go there
            gl.glBindBuffer(_PIXEL_PACK_BUFFER, 0)
        for name, value in _LAYOUT.items():
            gl.glPixelStorei(name, value)
        gl.glReadPixels(0, 0, width, height, _RGBA, _UNSIGNED_BYTE, data)
    finally:
        for name, value in before.items():
            gl.glPixelStorei(name, value)
        if buffer:
            gl.glBindBuffer(_PIXEL_PACK_BUFFER, buffer)
        if framebuffer:
            gl.glBindFramebuffer(_READ_FRAMEBUFFER, framebuffer)
    return Picture(data.raw, width, height, 4 * width, "RGBX", bottom_up=True)


def _integer(gl: Any, name: int) -> int:
    value = ctypes.c_int(0)
    gl.glGetIntegerv(name, ctypes.byref(value))
    return value.value


@cache
def _library() -> Any:
    try:
        return ctypes.CDLL(_NAMES.get(sys.platform, "libGL.so.1"))
    except OSError as error:
        raise NoPictureError(f"the system's OpenGL cannot be called: {error}") from None
