"""`stagedoor logs`, against a real server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stagedoor
from stagedoor.cli import main
from stagedoor.cli.logs import lines_of, show_text

from ..fake_game import FakeGame, running
from ..fake_stage import FakeStage

SOURCE = Path(stagedoor.__file__).parents[1]
EVIL = "\x1b[2J\u202e[red]"
RECORD = {
    "sequence": 1, "time": 1_700_000_000.25, "level": "WARNING", "levelno": 30,
    "logger": "game.ai", "message": "a rock", "source": "logging",
}  # fmt: skip


class LoggingStage(FakeStage):
    """Has said some things."""

    def __init__(self) -> None:
        super().__init__()
        self.started = 1.0
        self.records: list[dict[str, Any]] = [RECORD]
        self.asked: list[dict[str, Any]] = []
        self.filters: list[object] = []
        self.topics.add("logs")
        self.methods["logs.history"] = self.history
        self.methods["topic.subscribe"] = self.subscribe_filtered

    def history(self, **params: Any) -> dict[str, Any]:
        self.asked.append(params)
        since = params.get("since", 0)
        found = [record for record in self.records if record["sequence"] > since]
        last = found[-1]["sequence"] if found else since
        return {"records": found, "next": last, "lost": 0, "started": self.started}

    def subscribe_filtered(self, filter: object = None, **params: Any) -> dict[str, object]:
        self.filters.append(filter)
        return self.subscribe(**params)


@pytest.fixture
def stage() -> LoggingStage:
    return LoggingStage()


@pytest.fixture
def game(stage: LoggingStage) -> Iterator[FakeGame]:
    with running(stage) as game:
        yield game


def test_piped_each_record_is_a_line_of_json(
    game: FakeGame, stage: LoggingStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.records = [RECORD, RECORD | {"message": EVIL}]
    assert main(["logs", game.url, "--level", "warning", "--logger", "game", "-n", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == stage.records
    assert all(line.isprintable() for line in lines)
    assert stage.asked == [{"count": 7, "level": "warning", "logger": "game"}]


def test_without_options_everything_is_asked_for(game: FakeGame, stage: LoggingStage) -> None:
    assert main(["logs", "--to", game.url]) == 0
    assert main(["logs", "--to", game.url, "--level", "30"]) == 0
    assert main(["logs", "--to", game.url, "-n", "0"]) == 0
    assert stage.asked == [{"count": 100}, {"count": 100, "level": 30}]


def test_following_it_goes_on_until_ctrl_c(game: FakeGame, stage: LoggingStage) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "stagedoor", "logs", game.url, "-f", "-n", "5", "--level", "ERROR"],
        env=os.environ | {"PYTHONPATH": str(SOURCE), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    stage.wait_for("logs")
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    stage.publish("logs", {"records": [RECORD | {"sequence": 9}], "dropped": 7})
    lines += [process.stdout.readline() for _ in range(2)]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")
    assert [json.loads(line) for line in lines] == [
        RECORD, {"dropped": 7}, RECORD | {"sequence": 9},
    ]  # fmt: skip
    asked = next(call for call in game.received if call["method"] == "topic.subscribe")
    assert asked["params"] == {
        "topic": "logs", "mode": "all", "hz": None, "history": 0, "filter": {"level": "ERROR"},
    }  # fmt: skip
    assert stage.asked[0] == {"count": 5, "level": "ERROR"}


def test_a_person_gets_lines_with_their_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    record = RECORD | {
        "message": "it broke\nin two",
        "traceback": "Traceback\n  File\nValueError",
        "omitted": 9,
    }
    clock = time.strftime("%H:%M:%S", time.localtime(1_700_000_000.25))
    assert lines_of(record) == [
        f"{clock}.250 WARNING  game.ai: it broke",
        "    in two",
        "    Traceback",
        "      File",
        "    ValueError",
        "    ... 9 characters left out",
    ]
    show_text({"records": [RECORD], "dropped": 3})
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["... 3 records came too fast", f"{clock}.250 WARNING  game.ai: a rock"]


def test_what_a_game_says_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    evil = dict.fromkeys(("level", "logger", "message", "traceback"), EVIL)
    show_text({"records": [RECORD | evil], "dropped": 0})
    out = capsys.readouterr().out
    assert not {"\x1b", "\u202e"} & set(out)
    assert r"\u001b[2J\u202e[red]" in out


def test_wrong_usage_and_no_game_have_exit_codes(games_folder: Path) -> None:
    assert main(["logs"]) == 3
    assert main(["logs", "-f"]) == 3
    assert main(["logs", "-n", "-1"]) == 2
    assert main(["logs", "-n", "10001"]) == 2
    assert main(["logs", "one", "two"]) == 2


def test_following_says_on_stderr_that_the_game_is_gone_and_is_back() -> None:
    stage = LoggingStage()
    with running(stage) as game:
        process = subprocess.Popen(
            [sys.executable, "-m", "stagedoor", "logs", game.url, "-f"],
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        stage.wait_for("logs")
        # Let it see that the game is there.
        stage.publish("logs", {"records": [], "dropped": 7})
    assert process.stderr is not None
    assert "the game is gone" in process.stderr.readline()
    with running(stage, port=game.port):
        assert "the game is back" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def numbers(process: "subprocess.Popen[str]", last: int) -> list[int]:
    """Of the records that it shows, up to this one."""
    assert process.stdout is not None
    found = [0]
    while found[-1] < last:
        found.append(json.loads(process.stdout.readline())["sequence"])
    return found[1:]


@pytest.mark.parametrize(
    ("is_another", "expected"), [(True, [1, 2, 3, 4]), (False, [3, 4])], ids=["another", "the same"]
)
@pytest.mark.parametrize("count", ["0", "10"])
def test_what_a_game_logs_while_nobody_is_connected_is_shown_later_and_all_of_it_once(
    is_another: bool, expected: list[int], count: str
) -> None:
    stage = LoggingStage()
    stage.records = [RECORD | {"sequence": number} for number in (1, 2)]
    with running(stage) as game:
        process = subprocess.Popen(
            [sys.executable, "-m", "stagedoor", "logs", game.url, "-f", "-n", count],
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        stage.wait_for("logs")
        shown = [1, 2] if count == "10" else []
        assert numbers(process, len(shown)) == shown
        # What comes has been seen before the game leaves.
        stage.publish("logs", {"records": [], "dropped": 7})
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"dropped": 7}
    later = LoggingStage()
    later.started = stage.started + is_another
    later.records = [RECORD | {"sequence": number} for number in (1, 2, 3)]
    with running(later, port=game.port):
        later.wait_for("logs")
        news = [RECORD | {"sequence": number} for number in (3, 4)]
        later.publish("logs", {"records": news, "dropped": 0})
        assert numbers(process, 4) == expected
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == ""
