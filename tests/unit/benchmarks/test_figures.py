"""From the load generator's report to the tables and verdicts of `python -m benchmarks`."""

import json
from pathlib import Path

import pytest
from benchmarks import report, runner, targets
from benchmarks.costs import BARE, MANY, ONE, OUR_MEMORY, POLL, SYNC_CALL, TICK
from benchmarks.measure import Duration, MeasureError, Sample, command, sample
from benchmarks.roster import (
    COMPRESSING,
    OUR_ECHO,
    OURS,
    RAW_TCP,
    SATURATED,
    STAGE,
    THREAD_PICOWS,
    WSE,
    Peer,
)
from benchmarks.runner import Cell, Results, chosen
from benchmarks.scenarios import BATCHES, BUSY, CALLS, COMPRESSED, HANDSHAKES
from benchmarks.scenarios import SATURATED as SATURATED_GAME

REPORT = {"messages_per_second": 1000.5, "errors": 0, "p50_us": 20.0, "p99_us": 30.0, "seconds": 1}


def cell(*rates: float, p50: float = 20.0, added: float | None = None) -> Cell:
    return Cell([Sample(rate, p50, 30.0, 0.5, 1.25, added) for rate in rates])


def ratios(found: str) -> str:
    """What a verdict says, without the target."""
    return found.partition(" (target")[0]


def test_a_report_becomes_a_sample() -> None:
    assert sample(REPORT, 0.25, 1.5, {}) == Sample(1000.5, 20.0, 30.0, 0.25, 1.5)
    assert sample(REPORT, 0.25, 1.5, {"added_to_frame": 0.05}).added_to_frame == 0.05


def test_answers_that_are_errors_are_no_figure() -> None:
    with pytest.raises(MeasureError, match="3 calls were answered with an error"):
        sample({**REPORT, "errors": 3}, 0.25, 1.5, {})


def test_the_load_generator_is_asked_for_what_the_peer_does() -> None:
    call, echo, raw = (
        command(peer, CALLS, Duration(2.0, 0.5), 80) for peer in (STAGE, OUR_ECHO, RAW_TCP)
    )
    assert call[1] == "call"
    assert "--size" not in call
    assert echo[1] == "echo"
    assert echo[echo.index("--size") + 1] == "64"
    assert "--raw" not in echo
    assert "--raw" in raw
    for one in (call, echo, raw):
        assert one[one.index("--connections") + 1] == "64"
        assert one[one.index("--depth") + 1] == "8"


def test_a_scenario_may_ask_for_something_else() -> None:
    shake, compressed, batch = (
        command(peer, scenario, Duration(2.0, 0.5), 80)
        for peer, scenario in ((OURS, HANDSHAKES), (COMPRESSING, COMPRESSED), (STAGE, BATCHES))
    )
    assert shake[1] == "connect"
    assert shake[shake.index("--count") + 1] == "3000"
    assert compressed[1] == "telemetry"
    assert batch[1] == "call"
    assert batch[batch.index("--batch") + 1] == "20"


def test_scenarios_are_chosen_by_a_part_of_their_name() -> None:
    assert [scenario.name for scenario in chosen("typed call*1")] == ["typed call, 1 x 1"]
    assert chosen("no such scenario") == []
    assert len(chosen(None)) == len({scenario.name for scenario in chosen(None)})


def test_a_rate_must_reach_its_share_and_a_time_must_not_exceed_it() -> None:
    results: Results = {
        CALLS: {peer: cell(100.0) for peer in CALLS.peers},
        SATURATED_GAME: {peer: cell(100.0, p50=100.0) for peer in SATURATED_GAME.peers},
    }
    results[CALLS][STAGE] = cell(36.0)
    results[SATURATED_GAME][SATURATED] = cell(600.0, p50=22.0)
    verdicts = map(ratios, targets.verdicts(results, {}))
    assert list(verdicts) == [
        "met      typed call, 64 x 8: messages/s 0.36 x, 0.36 to 0.36 by 1 rounds",
        "NOT MET  typed call, 64 x 8: messages/s 0.36 x, 0.36 to 0.36 by 1 rounds",
        "met      saturated game, 4 x 8: messages/s 6.00 x, 6.00 to 6.00 by 1 rounds",
        "NOT MET  saturated game, 4 x 8: p50 0.22 x, 0.22 to 0.22 by 1 rounds",
        "met      saturated game, 4 x 8: messages/s 6.00 x, 6.00 to 6.00 by 1 rounds",
        "NOT MET  saturated game, 4 x 8: p50 0.22 x, 0.22 to 0.22 by 1 rounds",
    ]


def test_a_round_is_compared_with_the_same_round_of_a_peer() -> None:
    # The machine was slow in the second round, for both.
    results: Results = {CALLS: {peer: cell(100.0, 10.0, 80.0) for peer in CALLS.peers}}
    results[CALLS][STAGE] = cell(40.0, 3.6, 32.0)
    first, _ = targets.verdicts(results, {})
    assert (
        ratios(first) == "met      typed call, 64 x 8: messages/s 0.40 x, 0.36 to 0.40 by 3 rounds"
    )


def test_the_median_lies_between_two_samples_as_far_as_the_others_tell() -> None:
    assert targets.interval([7.0]) == (7.0, 7.0)
    assert targets.interval([3.0, 1.0, 2.0]) == (1.0, 3.0)
    assert targets.interval([float(number) for number in range(5)]) == (0.0, 4.0)
    # Tables for the sign test: of 9 samples the second from either end, of 15 the fourth, of 21
    # the sixth.
    for count, nth in ((8, 1), (9, 2), (15, 4), (21, 6)):
        samples = [float(number) for number in range(1, count + 1)]
        assert targets.interval(samples) == (nth, count + 1 - nth)


def test_a_target_that_rounds_lie_on_both_sides_of_is_close() -> None:
    results: Results = {CALLS: {peer: cell(*[100.0] * 5) for peer in CALLS.peers}}
    results[CALLS][STAGE] = cell(36.0, 37.0, 38.0, 39.0, 34.0)
    first, second = targets.verdicts(results, {})
    assert ratios(first).startswith(
        "met      typed call, 64 x 8: messages/s 0.37 x, 0.34 to 0.39 by"
    )
    assert ratios(first).endswith(" 5 rounds: close")
    assert second.startswith("NOT MET")
    assert "close" not in second
    assert targets.undecided(CALLS, results[CALLS]) == {STAGE, OUR_ECHO}
    results[CALLS][STAGE] = cell(36.0, 37.0, 38.0, 39.0, 34.0, *[38.0] * 5)
    results[CALLS][OUR_ECHO] = cell(*[100.0] * 10)
    assert targets.undecided(CALLS, results[CALLS]) == set()
    first, second = targets.verdicts(results, {})
    assert first.startswith("met")
    assert "close" not in first
    assert "by 5 rounds" in second, "the other peer took no part in the rest"


def test_there_are_more_rounds_of_what_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def measured(peer: Peer, *_: object) -> Sample:
        asked.append(peer.name)
        return cell(1.0).samples[0]

    monkeypatch.setattr(runner, "measure", measured)
    answers = iter([{STAGE, OUR_ECHO}, {STAGE, OUR_ECHO}, set[Peer]()])
    rounds = runner.Rounds(2, 5, Duration(1.0, 0.1))
    cells = runner.run(CALLS, rounds, lambda *_: next(answers), lambda _: None)
    here = [peer.name for peer in CALLS.peers if cells[peer].lacks is None]
    assert asked == here * 2 + [STAGE.name, OUR_ECHO.name] * 2
    assert [len(cells[peer].samples) for peer in (STAGE, OUR_ECHO)] == [4, 4]


def test_a_peer_that_failed_leaves_its_target_unknown() -> None:
    results: Results = {CALLS: {peer: cell(100.0) for peer in CALLS.peers}}
    results[CALLS][OUR_ECHO] = Cell(error="did not start")
    first, _ = targets.verdicts(results, {})
    assert first == "unknown  typed call, 64 x 8: messages/s (target >= 0.35 x stagedoor, echo)"


def test_scripts_are_judged_as_multiples_of_their_first_line() -> None:
    costs = {
        "topic": {ONE: [100.0, 200.0, 100.0], MANY: [111.0, 230.0, 120.0]},
        "client": {BARE: [100.0], SYNC_CALL: [150.0]},
        "memory": {OUR_MEMORY: [4000.0, 4096.0]},
        "idle": {POLL: [149.0, 300.0, 290.0], TICK: [501.0, 510.0]},
    }
    verdicts = list(targets.verdicts({}, costs))
    assert [line[:8].strip() for line in verdicts] == ["NOT MET", "met", "met", "met", "NOT MET"]
    assert "1.15 x, 1.11 to 1.20 by 3 rounds (target <= 1.1 x stage.tick(dt), 1" in verdicts[0]
    assert "memory: stagedoor: 4048 B, 4000 to 4096 by 2 rounds (target <= 4096 B)" in verdicts[2]
    assert "waiting: 149 ns, the slowest of 3 rounds 300 (target <= 150 ns)" in verdicts[3]


def test_a_table_has_the_frames_of_games_only_and_names_failures() -> None:
    games = {SATURATED: cell(1234.0, added=0.05), THREAD_PICOWS: Cell(error="no port")}
    head, ours, theirs = list(report.table(SATURATED_GAME, games))[2:]
    assert head.endswith("frame")
    assert ours.split()[:3] == ["stagedoor", "1", "234"]
    assert ours.endswith("+5%")
    assert theirs.strip() == "thread: picows        failed: no port"
    head, *_ = list(report.table(CALLS, {STAGE: cell(1.0)}))[2:]
    assert head.endswith("server")


def test_a_peer_that_is_not_here_is_a_line_of_the_table_and_no_failure() -> None:
    cells = {OURS: cell(1.0), WSE: Cell(lacks="Python 3.12 or later")}
    *_, theirs = report.table(BUSY, cells)
    assert theirs.strip() == "wse-server            not here: needs Python 3.12 or later"
    assert cells[WSE].error is None
    results: Results = {BUSY: {peer: cell(1.0) for peer in BUSY.peers} | cells}
    (unknown,) = [line for line in targets.verdicts(results, {}) if "wse" in line]
    assert unknown.startswith("unknown")


def test_costs_are_written_in_the_unit_that_suits_them() -> None:
    amounts = [(150.0, "time"), (12_345.0, "time"), (2.5e7, "time"), (4096.0, "bytes")]
    written = [report.amount(value, unit) for value, unit in amounts]
    assert written == ["150 ns", "12.3 us", "25.0 ms", "4096 B"]
    costs = {"topic, 200 B": {ONE: [90.0, 100.0, 120.0], MANY: [150.0], "another": []}}
    _, head, one, many, another = report.costs_table(costs)
    assert head.split() == ["topic,", "200", "B", "time", "spread", "x", "first"]
    assert one.endswith("100 ns      30%      1.00")
    assert many.endswith("150 ns       0%      1.50")
    assert another.split() == ["another", "failed"]


def test_everything_is_saved_as_json(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    costs = {"topic": {ONE: [100.0]}}
    report.save(path, {"cores": 2}, {CALLS: {STAGE: cell(1.0)}}, costs, ["met"])
    saved = json.loads(path.read_text())
    assert saved["machine"] == {"cores": 2}
    assert saved["costs"] == costs
    assert saved["verdicts"] == ["met"]
    cells = saved["scenarios"]["typed call, 64 x 8"]["stagedoor"]
    assert cells["samples"][0]["messages_per_second"] == 1.0
