"""`frames`: how long each frame took, and where the time went."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Final, cast

import msgspec

from stagedoor.live.domains.bounds import Number
from stagedoor.live.domains.frames import flames
from stagedoor.live.domains.frames.flames import Profile, ProfileFormat
from stagedoor.live.domains.frames.profile import MAX_HZ, MAX_SHARE, Sampler
from stagedoor.live.domains.frames.record import CAPACITY, FrameRecord, FrameSummary, Spikes
from stagedoor.live.domains.frames.trace import Trace
from stagedoor.live.domains.slices import TIMEOUT, in_slices
from stagedoor.live.rpc.calls import current_call
from stagedoor.wire.errors import HandlerError

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

TOPIC: Final = "frames"
MAX_EXPORT: Final = 15 * 2**20
"""Bytes. Clients do not take messages that are much larger."""

Count = Annotated[int, msgspec.Meta(ge=1, le=CAPACITY)]
Threshold = Annotated[float, msgspec.Meta(ge=0, le=1e6)]
USUAL_FPS: Final = 60
"""The frames a second of a game, where its budget is compared with a share of the time."""
ProfileSeconds = Annotated[float, msgspec.Meta(gt=0, le=60)]
ProfileHz = Annotated[float, msgspec.Meta(ge=1, le=MAX_HZ)]


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub, frames, budget = parts.hub, parts.frames, parts.budget

    def history(count: Count = 60, since: Number = 0) -> Generator[object, None, list[FrameRecord]]:
        """The last `count` frames that have ended, oldest first.

        `since`: only frames with a higher number. The last 10 000 frames are kept. A frame lasts
        from the beginning of one tick to the beginning of the next.
        """
        records = yield from in_slices(hub.ours_to_json, frames.each(count, since))
        return cast(list[FrameRecord], records)

    def summary(count: Count = 600) -> FrameSummary:
        """Rate, percentiles and means of the last `count` frames."""
        return frames.summary(count)

    def spikes(
        count: Count = 20, threshold: Threshold | None = None
    ) -> Generator[object, None, Spikes]:
        """The slowest of all frames that are kept, slowest first, with the parts of each.

        `threshold`: only frames that took longer than this many seconds; None: than twice the
        median.
        """
        median, least, found = frames.each_spike(count, threshold)
        records = yield from in_slices(hub.ours_to_json, found)
        return Spikes(median, least, cast(list[FrameRecord], records))

    def export(count: Count = 600, since: Number = 0) -> Trace:
        """The frames of `frames.history`, with every part that was measured, as Chrome trace JSON.

        Save the result as a file, and open it with ui.perfetto.dev or chrome://tracing. A trace of
        more than 15 MiB is an error: ask for fewer frames. One is made at a time, for all callers.
        """
        trace = frames.export(hub.name, count, since)
        if len(trace) > MAX_EXPORT:
            size = f"{len(trace) / 2**20:.1f} MiB: ask for fewer frames"
            raise HandlerError("TraceTooLarge", f"the trace of {count} frames has {size}")
        return cast(Trace, msgspec.Raw(trace))  # encoded already, to know its size

    def profile(
        seconds: ProfileSeconds = 5.0,
        hz: ProfileHz = 250.0,
        threshold: Threshold | None = None,
        format: ProfileFormat = "tree",
    ) -> Profile | str:
        """Look where the game's thread is, `hz` times a second, and add up what was seen.

        `seconds`: how long, 60 at most. `hz`: 1 000 at most; it is less often if looking would take
        more than a tenth of the time, or more of a frame than the budget. `threshold`: keep only
        what was seen in frames that took longer than so many seconds. `format`: `tree` is a list of
        nodes, one for each function and line that was called from the same place; `speedscope` is a
        file for speedscope.app; `collapsed` is a text with a line for each stack, in microseconds,
        as flamegraph.pl reads it. One is made at a time, for all callers. The game takes no time
        for it before and after.

        >>> profile(seconds=5, threshold=0.02, format="speedscope")
        """
        call = current_call.get()
        sampler = Sampler(frames.core, threshold)
        seen = sampler.sample(
            hub.game_thread,
            seconds,
            hz,
            lambda: call is not None and call.is_over,
            min(MAX_SHARE, budget.seconds * USUAL_FPS),
        )
        made = flames.made(seen, format, hub.name)
        if len(made) > MAX_EXPORT:
            size = f"{len(made) / 2**20:.1f} MiB: profile for a shorter time, or less often"
            raise HandlerError("ProfileTooLarge", f"the profile has {size}")
        return cast(Profile, msgspec.Raw(made))  # encoded already, to know its size

    hub.topics.add(
        TOPIC,
        frames.last,
        description="The previous frame, as in frames.history. Mode `peak` sends the slowest since "
        "the last one sent.",
    )
    methods = hub.methods
    methods.add_built_in(history, "frames.history", role="viewer", timeout=TIMEOUT, anytime=True)
    methods.add_built_in(summary, "frames.summary", role="viewer", anytime=True)
    methods.add_built_in(spikes, "frames.spikes", role="viewer", timeout=TIMEOUT, anytime=True)
    # A trace of many frames would keep the game's thread too long.
    methods.add_built_in(
        profile, "frames.profile", role="operator", timeout=90.0, thread=True, is_single=True
    )
    methods.add_built_in(
        export, "frames.export", role="viewer", timeout=30.0, thread=True, is_single=True
    )
