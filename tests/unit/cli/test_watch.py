"""`stagedoor watch`, against a real server."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

import stagedoor
from stagedoor.cli import main
from stagedoor.cli.watch import Board
from stagedoor.client.core.feed import Sample
from stagedoor.wire.errors import InternalError, RpcError

from ..fake_game import running
from ..fake_stage import FakeStage

SOURCE = Path(stagedoor.__file__).parents[1]


def watching(arguments: list[str], **options: Any) -> "subprocess.Popen[str]":
    """`stagedoor watch` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "stagedoor", "watch", *arguments],
        env=os.environ | {"PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8"},
        stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_piped_each_value_is_a_line_of_json_until_ctrl_c() -> None:
    stage = FakeStage()
    stage.past = ["\x1b[2J\u202e"]
    with running(stage) as game:
        process = watching(
            ["rocks", "fps", "rocks", "--mode", "all", "--hz", "20", "--history", "1",
             "--to", game.url],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        stage.wait_for("fps", "rocks")
        asked = [call["params"] for call in game.received]
        assert asked[0] == {"topic": "rocks", "mode": "all", "hz": 20.0, "history": 1}
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        stage.publish("rocks", 3)
        stage.drop("fps", 4)
        stage.publish("fps", 60.5)
        lines += [process.stdout.readline() for _ in range(2)]
        assert all(line.strip().isprintable() for line in lines)
        values = sorted((json.loads(line) for line in lines), key=lambda one: str(one["value"]))
        assert [one["value"] for one in values] == ["\x1b[2J\u202e", "\x1b[2J\u202e", 3, 60.5]
        assert values[2] == {"topic": "rocks", "value": 3, "time": 2.5, "frame": 9, "sequence": 1}
        assert values[3]["dropped"] == 4
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")


def test_a_reader_that_leaves_ends_it() -> None:
    stage = FakeStage()
    with running(stage) as game:
        process = watching(["rocks", "--to", game.url], stdout=subprocess.PIPE)
        stage.wait_for("rocks")
        assert process.stdout is not None
        process.stdout.close()
        with contextlib.suppress(ConnectionClosed):
            while process.poll() is None:
                stage.publish("rocks", 1)
                time.sleep(0.01)
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(30) == 0
        process.stderr.close()


def test_an_unknown_topic_is_exit_code_1_and_no_game_3(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(FakeStage()) as game:
        assert main(["watch", "rokcs", "--to", game.url]) == 1
    assert "there is no topic rokcs" in capsys.readouterr().err
    assert main(["watch", "rocks"]) == 3
    assert main(["watch"]) == 2
    assert main(["watch", "rocks", "--hz", "0"]) == 2
    assert main(["watch", "rocks", "--history", "-1"]) == 2
    assert main(["watch", "rocks", "--mode", "some"]) == 2
    for wrong in ("", "paths", "[1]", "3", "[" * 100_000):
        assert main(["watch", "rocks", "--filter", wrong]) == 2


def test_a_filter_reaches_the_game() -> None:
    stage = FakeStage()
    stage.past = [{}]
    wanted = '{"paths": ["world.score"]}'
    options = ["--history", "1", "--filter", wanted]
    with running(stage) as game:
        assert main(["watch", "rocks.none", *options, "--to", game.url]) == 1
    assert stage.filter == {"paths": ["world.score"]}


@pytest.mark.parametrize(
    ("field", "values"), [("sizes.1", [4, 6]), ("where.x", [5, None]), ("sizes", [[3, 4], [5, 6]])]
)
def test_a_field_of_a_topics_values_is_watched_by_its_name(
    field: str, values: list[object]
) -> None:
    stage = FakeStage()
    with running(stage) as game:
        process = watching([f"rocks.{field}", "--to", game.url], stdout=subprocess.PIPE)
        stage.wait_for("rocks")
        assert process.stdout is not None
        stage.publish("rocks", {"sizes": [3, 4], "where": {"x": 5}})
        stage.publish("rocks", {"sizes": [5, 6], "where": None})
        lines = [json.loads(process.stdout.readline()) for _ in values]
        assert [line["value"] for line in lines] == values
        assert {line["topic"] for line in lines} == {f"rocks.{field}"}
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")


@pytest.mark.parametrize(
    ("field", "said"),
    [("sizs", "rocks has no field sizs; did you mean sizes?"),
     ("xyzzy", "rocks has no field xyzzy; it has sizes, name"),
     ("sizes.7", "rocks.sizes has no field 7: it is a list of 1"),
     ("sizes.x", "rocks.sizes has no field x: it is a list of 1"),
     ("name.x", "rocks.name has no field x: it has none")],
)  # fmt: skip
def test_a_field_that_is_not_there_is_an_error(
    field: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = FakeStage()
    stage.past = [{"sizes": [1], "name": "a"}]
    with running(stage) as game:
        assert main(["watch", f"rocks.{field}", "--history", "1", "--to", game.url]) == 1
    assert capsys.readouterr().err == f"stagedoor: {said}\n"


def test_a_game_that_hangs_or_is_gone_is_told_on_stderr_and_so_is_its_return() -> None:
    stage = FakeStage()
    stage.topics.add("game.stalled")
    with running(stage) as game:
        process = watching(["rocks", "--to", game.url], stdout=subprocess.DEVNULL)
        assert process.stderr is not None
        stage.wait_for("game.stalled", "rocks")
        where = {"file": "a.py", "line": 3, "function": "f"}
        for is_stalled in (True, False):
            value = {"stalled": is_stalled, "stalled_for": 1.5, "where": where}
            stage.publish("game.stalled", value)
            line = process.stderr.readline()
            assert ("has been stalled for 1.5 s, in a.py:3, in f" in line) == is_stalled
    assert "the game is gone" in process.stderr.readline()
    with running(stage, port=game.port):
        assert "the game is back" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        process.stderr.close()


def test_the_table_says_that_its_values_are_old() -> None:
    from rich.console import Console

    one = FakeSubscription("fps")
    board = Board([one])  # type: ignore[list-item]
    board.put(one, Sample(60.0, 1.0, 40, 1))  # type: ignore[arg-type]
    console = Console(width=100, color_system=None, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    for trouble in ("the game \x1b[2J is gone", ""):
        board.tell(trouble)
        console.print(board.table())
        text = " ".join(console.export_text().split())
        assert ("the values are old" in text) == bool(trouble)
        assert "\x1b" not in text
    console.file.close()


class FakeSubscription:
    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.dropped = 2
        self.reconnected = 1
        self.failure: RpcError | None = None


def test_the_table_shows_the_latest_value_its_history_and_what_was_lost() -> None:
    from rich.console import Console

    evil = "ro\x1b[2Jcks\u202e[red]"
    one, two = FakeSubscription("fps"), FakeSubscription(evil)
    board = Board([one, two])  # type: ignore[list-item]
    for number in range(8):
        board.put(one, Sample(float(number), 1.0, 40 + number, number))  # type: ignore[arg-type]
    board.put(two, Sample({"deep": ["\u202e" + "x" * 200]}, 1.0, 9, 1))  # type: ignore[arg-type]
    console = Console(width=200, color_system=None, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(board.table())
    text = console.export_text()
    console.file.close()
    for expected in ("▁▂▃▄▅▆▇█", "47", "2 dropped, 1 x reconnected", r"ro\u001b[2Jcks\u202e[red]"):
        assert expected in text
    assert not {"\x1b", "\u202e"} & set(text)


def lines_of(board: Board, width: int) -> list[str]:
    from rich.console import Console

    console = Console(width=width, color_system=None, record=True, file=io.StringIO())
    console.print(board.table())
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("value", [3.0, {"a": "x" * 25}])
def test_the_newest_number_is_seen_however_narrow_the_terminal(width: int, value: object) -> None:
    rate, other = FakeSubscription("frames.of.the.game.total"), FakeSubscription("other")
    board = Board([rate, other])  # type: ignore[list-item]
    board.put(other, Sample(value, 1.0, 40, 1))  # type: ignore[arg-type]
    for number in range(100):
        newest = 5.0 if number == 99 else number % 2
        board.put(rate, Sample(newest, 1.0, 10_000, number))  # type: ignore[arg-type]
    for losses in (2, 0):
        rate.dropped = other.dropped = losses
        rate.reconnected = other.reconnected = 0
        bars = "".join(line for line in lines_of(board, width) if "▁" in line or "█" in line)
        assert bars.count("█") == 1
        assert bars.split("█")[1].split()[0] == "10000", "it is the last"


def test_what_was_lost_has_a_column_only_if_something_was() -> None:
    one = FakeSubscription("frames")
    board = Board([one])  # type: ignore[list-item]
    value = {"x": "y" * 19}
    for number in range(40):
        board.put(one, Sample(float(number), 1.0, number, number))  # type: ignore[arg-type]
    board.put(one, Sample(value, 1.0, 40, 41))  # type: ignore[arg-type]
    assert "LOST" in "".join(lines_of(board, 80))
    one.dropped = one.reconnected = 0
    lines = lines_of(board, 80)
    assert "LOST" not in "".join(lines)
    assert sum(json.dumps(value) in line for line in lines) == 1, "there is room for it"


def test_the_table_shows_why_there_is_no_value() -> None:
    from rich.console import Console

    one = FakeSubscription("at")
    board = Board([one])  # type: ignore[list-item]
    board.put(one, Sample(3.0, 1.0, 40, 1))  # type: ignore[arg-type]
    one.failure = InternalError("Vector2 is not known to JSON")
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(board.table())
    shown = console.export_text()
    assert "no value: Vector2 is not known to JSON" in shown
    one.failure = None
    console.print(board.table())
    assert "3" in console.export_text()
