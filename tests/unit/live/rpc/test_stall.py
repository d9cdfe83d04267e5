"""Where a thread is, and for how long a game has been stalled."""

from __future__ import annotations

import sys
import time

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


def test_a_stall_knows_for_how_long() -> None:
    assert Stall(time.monotonic() - 5.0, None).seconds >= 5.0
