"""`document()`: frames in the Trace Event Format."""

from __future__ import annotations

import msgspec

from stagedoor._core import GC, IDLE, SPAN
from stagedoor.live.domains.frames.trace import TraceEvent, document

GAME, LOADER = 7, 9
FRAME = (1, 1_000_000, 16_000_000, 2_000_000, 0, 500_000, 4_000_000, [])


def events(frames: list[tuple[object, ...]], slices: list[tuple[object, ...]]) -> list[TraceEvent]:
    found = document("asteroids", 42, GAME, frames, slices)  # type: ignore[arg-type]
    return found.traceEvents


def complete(found: list[TraceEvent]) -> list[tuple[str, str, int, float, float | None]]:
    return [(e.name, e.cat, e.tid, e.ts, e.dur) for e in found if e.ph == "X"]


def tracks(found: list[TraceEvent]) -> dict[int, str]:
    return {e.tid: e.args["name"] for e in found if e.name == "thread_name" and e.args}


def test_a_frame_with_what_is_in_it_in_microseconds() -> None:
    found = events(
        [FRAME],
        [
            (SPAN, "physics", GAME, 4_000_000, 3_000_000),
            (GC, "gc, generation 2", GAME, 5_000_000, 500_000),
            (SPAN, "load", LOADER, 0, 9_000_000),
            (IDLE, "idle", GAME, 13_000_000, 4_000_000),
        ],
    )
    assert tracks(found) == {1: "frames", 2: "game thread", 3: "thread 2"}
    assert complete(found) == [
        ("frame", "frame", 1, 1000.0, 16000.0),
        ("stagedoor", "stagedoor", 1, 1000.0, 2000.0),
        ("idle", "idle", 1, 13000.0, 4000.0),
        ("physics", "span", 2, 4000.0, 3000.0),
        ("gc, generation 2", "gc", 2, 5000.0, 500.0),
        ("load", "span", 3, 0.0, 9000.0),
    ]
    [frame] = [e for e in found if e.name == "frame"]
    assert frame.args == {"number": FRAME[0], "gc_ms": FRAME[5] / 1e6, "idle_ms": FRAME[6] / 1e6}
    assert {e.pid for e in found} == {42}
    assert found[0].name == "process_name"
    assert found[0].args == {"name": "asteroids"}


def test_a_hold_is_shown_after_stagedoors_own_time() -> None:
    held = (1, 0, 16_000_000, 2_000_000, 1_000_000_000, 0, 0, [])
    assert complete(events([held], [])) == [
        ("frame", "frame", 1, 0.0, 1016000.0),
        ("stagedoor", "stagedoor", 1, 0.0, 2000.0),
        ("paused", "paused", 1, 2000.0, 1000000.0),
    ]


def test_spans_that_overlap_without_nesting_get_tracks_of_their_own() -> None:
    spans = [
        (SPAN, "load", GAME, 0, 5000),
        (SPAN, "save", GAME, 3000, 5000),
        (SPAN, "parse", GAME, 1000, 2000),
        (SPAN, "draw", GAME, 5000, 1000),
    ]
    found = events([], spans)
    assert tracks(found) == {1: "frames", 2: "game thread", 3: "game thread (2)"}
    assert [(name, tid) for name, _, tid, _, _ in complete(found)] == [
        ("load", 2),
        ("parse", 2),
        ("draw", 2),
        ("save", 3),
    ]


def test_as_json_it_has_the_formats_names_and_no_others() -> None:
    document_ = document("asteroids", 42, GAME, [FRAME], [])  # type: ignore[list-item]
    found = msgspec.json.decode(msgspec.json.encode(document_))
    assert found.keys() == {"traceEvents", "displayTimeUnit"}
    assert [event for event in found["traceEvents"] if event["ph"] == "X"][1] == {
        "name": "stagedoor",
        "cat": "stagedoor",
        "ph": "X",
        "pid": 42,
        "tid": 1,
        "ts": 1000.0,
        "dur": 2000.0,
    }
