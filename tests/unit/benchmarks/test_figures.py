"""From the load generator's report to the tables and verdicts of `python -m benchmarks`."""

import json
from pathlib import Path

import pytest
from benchmarks import report, targets
from benchmarks.costs import BARE, MANY, ONE, SYNC_CALL
from benchmarks.measure import Duration, MeasureError, Sample, command, sample
from benchmarks.roster import OUR_ECHO, RAW_TCP, SATURATED, STAGE, THREAD_PICOWS
from benchmarks.runner import Cell, Results, chosen
from benchmarks.scenarios import CALLS
from benchmarks.scenarios import SATURATED as SATURATED_GAME

REPORT = {"messages_per_second": 1000.5, "errors": 0, "p50_us": 20.0, "p99_us": 30.0, "seconds": 1}


def cell(rate: float, p50: float = 20.0, added: float | None = None) -> Cell:
    return Cell([Sample(rate, p50, 30.0, 0.5, added)])


def test_a_report_becomes_a_sample() -> None:
    assert sample(REPORT, 0.25, {}) == Sample(1000.5, 20.0, 30.0, 0.25, None)
    assert sample(REPORT, 0.25, {"added_to_frame": 0.05}).added_to_frame == 0.05


def test_answers_that_are_errors_are_no_figure() -> None:
    with pytest.raises(MeasureError, match="3 calls were answered with an error"):
        sample({**REPORT, "errors": 3}, 0.25, {})


def test_the_load_generator_is_asked_for_what_the_peer_does() -> None:
    call, echo, raw = (
        command(peer, CALLS, Duration(2.0, 0.5), 80) for peer in (STAGE, OUR_ECHO, RAW_TCP)
    )
    assert call[1] == "call"
    assert "--size" not in call
    assert echo[1] == "echo"
    assert echo[echo.index("--size") + 1] == "64"
    assert "--raw" not in echo
    assert raw[-1] == "--raw"
    for one in (call, echo, raw):
        assert one[one.index("--connections") + 1] == "64"
        assert one[one.index("--depth") + 1] == "8"


def test_scenarios_are_chosen_by_a_part_of_their_name() -> None:
    assert [scenario.name for scenario in chosen("typed call*1")] == ["typed call, 1 x 1"]
    assert chosen("no such scenario") == []
    assert len(chosen(None)) == len({scenario.name for scenario in chosen(None)})


def test_a_rate_must_reach_its_share_and_a_time_must_not_exceed_it() -> None:
    results: Results = {
        CALLS: {peer: cell(100.0) for peer in CALLS.peers},
        SATURATED_GAME: {peer: cell(100.0, 100.0) for peer in SATURATED_GAME.peers},
    }
    results[CALLS][STAGE] = cell(36.0)
    results[SATURATED_GAME][SATURATED] = cell(600.0, 22.0)
    found = {line[8:].strip(): line[:8].strip() for line in targets.verdicts(results, {})}
    assert found == {
        "typed call, 64 x 8: messages/s 0.36 x (target >= 0.35 x stagedoor, echo)": "met",
        "typed call, 64 x 8: messages/s 0.36 x (target >= 10 x jsonrpcserver)": "NOT MET",
        "saturated game, 4 x 8: messages/s 6.00 x (target >= 6 x thread: picows)": "met",
        "saturated game, 4 x 8: p50 0.22 x (target <= 0.2 x thread: picows)": "NOT MET",
        "saturated game, 4 x 8: messages/s 6.00 x (target >= 6 x thread: websockets)": "met",
        "saturated game, 4 x 8: p50 0.22 x (target <= 0.2 x thread: websockets)": "NOT MET",
    }


def test_a_peer_that_failed_leaves_its_target_unknown() -> None:
    results: Results = {CALLS: {peer: cell(100.0) for peer in CALLS.peers}}
    results[CALLS][OUR_ECHO] = Cell(error="did not start")
    first, _ = targets.verdicts(results, {})
    assert first == "unknown  typed call, 64 x 8: messages/s (target >= 0.35 x stagedoor, echo)"


def test_scripts_are_judged_as_multiples_of_their_first_line() -> None:
    costs = {
        "topic": {ONE: 100.0, MANY: 111.0},
        "client": {BARE: 100.0, SYNC_CALL: 150.0},
    }
    verdicts = list(targets.verdicts({}, costs))
    assert [line[:8].strip() for line in verdicts] == ["NOT MET", "met"]
    assert "1.11 x (target <= 1.1 x stage.tick(dt), 1 subscriber)" in verdicts[0]


def test_a_table_has_the_frames_of_games_only_and_names_failures() -> None:
    games = {SATURATED: cell(1234.0, added=0.05), THREAD_PICOWS: Cell(error="no port")}
    head, ours, theirs = list(report.table(SATURATED_GAME, games))[2:]
    assert head.endswith("frame")
    assert ours.split()[:3] == ["stagedoor", "1", "234"]
    assert ours.endswith("+5%")
    assert theirs.strip() == "thread: picows      failed: no port"
    head, *_ = list(report.table(CALLS, {STAGE: cell(1.0)}))[2:]
    assert head.endswith("client")


def test_everything_is_saved_as_json(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    costs = {"topic": {ONE: 100.0}}
    report.save(path, {"cores": 2}, {CALLS: {STAGE: cell(1.0)}}, costs, ["met"])
    saved = json.loads(path.read_text())
    assert saved["machine"] == {"cores": 2}
    assert saved["costs_ns"] == costs
    assert saved["verdicts"] == ["met"]
    cells = saved["scenarios"]["typed call, 64 x 8"]["stagedoor"]
    assert cells["samples"][0]["messages_per_second"] == 1.0
