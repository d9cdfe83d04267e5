"""`frames`: what each frame took, and where it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, cast

import msgspec

from stagedoor.live.domains.frames.record import CAPACITY, FrameRecord, FrameSummary, Spikes
from stagedoor.live.domains.frames.trace import Trace
from stagedoor.wire.errors import HandlerError

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

TOPIC: Final = "frames"
MAX_EXPORT: Final = 15 * 2**20
"""Bytes; clients do not take messages that are much larger."""

Count = Annotated[int, msgspec.Meta(ge=1, le=CAPACITY)]
Since = Annotated[int, msgspec.Meta(ge=0)]
Threshold = Annotated[float, msgspec.Meta(ge=0, le=1e6)]


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub, frames = parts.hub, parts.frames

    def history(count: Count = 60, since: Since = 0) -> list[FrameRecord]:
        """The last `count` frames that are over, oldest first, of those after number `since`.

        10 000 are kept. A frame lasts from the beginning of a tick to the beginning of the next.
        """
        return frames.history(count, since)

    def summary(count: Count = 600) -> FrameSummary:
        """The last `count` frames in a few figures."""
        return frames.summary(count)

    def spikes(count: Count = 20, threshold: Threshold | None = None) -> Spikes:
        """The slowest frames of all that are kept, with what was in them, slowest first.

        `threshold`: seconds that a frame must have exceeded; None: twice the median.
        """
        return frames.spikes(count, threshold)

    def export(count: Count = 600, since: Since = 0) -> Trace:
        """The frames of `frames.history` with all that is in them, as Chrome trace JSON.

        Save the result as a file: ui.perfetto.dev and chrome://tracing open it. More than 15 MiB of
        it is an error: ask for fewer frames.
        """
        trace = frames.export(hub.name, count, since)
        if len(trace) > MAX_EXPORT:
            size = f"{len(trace) / 2**20:.1f} MiB: ask for fewer frames"
            raise HandlerError("TraceTooLarge", f"the trace of {count} frames has {size}")
        return cast(Trace, msgspec.Raw(trace))  # encoded already, to know its size

    hub.topics.add(
        TOPIC,
        frames.last,
        description="The frame before, as in frames.history; peak: the slowest since the turn "
        "before.",
    )
    methods = hub.methods
    methods.add_built_in(history, "frames.history", role="viewer", anytime=True)
    methods.add_built_in(summary, "frames.summary", role="viewer", anytime=True)
    methods.add_built_in(spikes, "frames.spikes", role="viewer", anytime=True)
    # Of many frames it takes a while, which is no affair of the game's thread.
    methods.add_built_in(export, "frames.export", role="viewer", timeout=30.0, thread=True)
