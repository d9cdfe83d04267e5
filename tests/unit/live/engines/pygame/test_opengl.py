"""`stagedoor.live.engines.pygame.opengl`, over an OpenGL that is not."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from stagedoor.live.engines.picture import NoPictureError
from stagedoor.live.engines.pygame import opengl

ALIGNMENT, ROW_LENGTH, SKIP_ROWS, SKIP_PIXELS = 0x0D05, 0x0D02, 0x0D03, 0x0D04
BUFFER, BUFFER_BINDING = 0x88EB, 0x88ED
FRAMEBUFFER, FRAMEBUFFER_BINDING = 0x8CA8, 0x8CAA


class FakeGL:
    """Has a state, and writes pixels where that says."""

    def __init__(self) -> None:
        self.state = {
            ALIGNMENT: 4,
            ROW_LENGTH: 0,
            SKIP_ROWS: 0,
            SKIP_PIXELS: 0,
            BUFFER_BINDING: 0,
            FRAMEBUFFER_BINDING: 0,
        }
        self.fails = False
        self.bound: list[int] = []

    def glGetIntegerv(self, name: int, value: Any) -> None:  # noqa: N802
        value._obj.value = self.state[name]

    def glPixelStorei(self, name: int, value: int) -> None:  # noqa: N802
        self.state[name] = value

    def glBindFramebuffer(self, target: int, name: int) -> None:  # noqa: N802
        assert target == FRAMEBUFFER
        self.bound.append(name)
        self.state[FRAMEBUFFER_BINDING] = name

    def glBindBuffer(self, target: int, name: int) -> None:  # noqa: N802
        assert target == BUFFER
        self.bound.append(name)
        self.state[BUFFER_BINDING] = name

    def glReadPixels(  # noqa: N802
        self, x: int, y: int, width: int, height: int, form: int, kind: int, data: Any
    ) -> None:
        assert (x, y, form, kind) == (0, 0, 0x1908, 0x1401)
        assert self.state[BUFFER_BINDING] == 0, "the pixels would go into the game's buffer"
        assert self.state[FRAMEBUFFER_BINDING] == 0, "that is not the window"
        assert [self.state[name] for name in (ALIGNMENT, ROW_LENGTH)] == [1, 0]
        if self.fails:
            raise OSError("it is lost")
        ctypes.memset(data, 7, 4 * width * height)


@pytest.fixture
def gl(monkeypatch: pytest.MonkeyPatch) -> FakeGL:
    gl = FakeGL()
    monkeypatch.setattr(opengl, "_library", lambda: gl)
    return gl


def test_the_picture_is_as_large_as_the_window_and_begins_at_its_foot(gl: FakeGL) -> None:
    picture = opengl.read_back_buffer(5, 3)
    assert (picture.width, picture.height, picture.stride) == (5, 3, 20)
    assert (picture.layout, picture.bottom_up) == ("RGBX", True)
    assert picture.data == b"\x07" * 60
    assert gl.bound == [], "what is not bound need not be known to the library"


@pytest.mark.parametrize("fails", [False, True])
def test_what_the_game_has_set_is_as_before(gl: FakeGL, fails: bool) -> None:
    gl.state |= {ALIGNMENT: 8, ROW_LENGTH: 99, SKIP_ROWS: 3, SKIP_PIXELS: 4}
    gl.state |= {BUFFER_BINDING: 12, FRAMEBUFFER_BINDING: 34}
    gl.fails = fails
    before = gl.state.copy()
    if fails:
        with pytest.raises(OSError, match="it is lost"):
            opengl.read_back_buffer(5, 3)
    else:
        opengl.read_back_buffer(5, 3)
    assert gl.state == before
    assert sorted(gl.bound) == [0, 0, 12, 34]


def test_a_system_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", fail)
    opengl._library.cache_clear()
    try:
        with pytest.raises(NoPictureError, match="OpenGL cannot be called"):
            opengl.read_back_buffer(1, 1)
    finally:
        opengl._library.cache_clear()
