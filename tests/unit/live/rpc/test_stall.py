"""Where a thread is, and for how long a game has been stalled."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import stagedoor
from stagedoor.live.rpc.stall import Place, Stall


def test_a_place_is_the_line_that_a_frame_is_in() -> None:
    place = Place.of(sys._getframe())
    assert place is not None
    assert (place.file, place.function) == (
        __file__,
        "test_a_place_is_the_line_that_a_frame_is_in",
    )
    assert str(place) == f"{__file__}:{place.line}, in {place.function}"
    assert Place.of(None) is None


def test_lines_of_ours_are_passed_over() -> None:
    def ours() -> Place | None:
        return Place.of(sys._getframe())

    code = ours.__code__
    ours.__code__ = code.replace(co_filename=f"{Path(stagedoor.__file__).parent}/live/engines/x.py")
    place = ours()
    assert place is not None
    assert place.function == "test_lines_of_ours_are_passed_over"


def test_a_stall_knows_for_how_long() -> None:
    assert Stall(time.monotonic() - 5.0, None).seconds >= 5.0
