"""A real game's log, metrics and end, from another process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from program import PATIENCE, Program

import stagedoor
from stagedoor.client.sync.client import Client

TALKER = Path(__file__).with_name("talker.py")


@pytest.fixture
def talker(run: Run) -> Program:
    program = run(TALKER, STAGEDOOR="1", PYTHONWARNINGS="always")
    program.wait_for(r"^port \d+$")
    return program


@pytest.fixture
def game(talker: Program, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    with stagedoor.connect("talker", timeout=PATIENCE) as client:
        yield client


def command(env: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "stagedoor", *arguments],
        env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_everything_that_is_said_is_told_and_still_printed(talker: Program, game: Client) -> None:
    game.talk()
    game.forget()
    records = game.call("logs.history", count=1000)["records"]
    said = {(one["source"], one["logger"], one["message"]): one for one in records}
    expected = {
        ("stdout", "stdout", "printed"): "INFO",
        ("stderr", "stderr", "to stderr"): "WARNING",
        ("logging", "game.talker", "logged \x1b[2J\u202e [1, 2]"): "WARNING",
        ("warning", "py.warnings", "DeprecationWarning: warned"): "WARNING",
        ("exception", "threading.excepthook", "ValueError: in a thread"): "ERROR",
    }
    assert {key: said[key]["level"] for key in expected} == expected
    by_logger = {one["logger"]: one for one in records}
    assert "ValueError: unraisable" in by_logger["sys.unraisablehook"]["message"]
    assert "ValueError: in a task" in by_logger["stagedoor"]["traceback"]
    thread = by_logger["threading.excepthook"]
    assert (thread["thread"], thread["function"]) == ("worker", "raise_in_thread")
    assert "raise_in_thread" in thread["traceback"]
    assert [one["sequence"] for one in records] == list(range(1, len(records) + 1))
    assert len([one for one in records if one["source"] in ("stdout", "stderr")]) == 3, "no doubles"
    for line in (r"^printed$", r"^to stderr$", r"^logged", "DeprecationWarning: warned",
                 "^ValueError: in a thread$", "^ValueError: unraisable$"):  # fmt: skip
        talker.wait_for(line)


def test_who_follows_hears_the_crash(talker: Program, game: Client, env: dict[str, str]) -> None:
    with game.subscribe("logs", mode="all", filter={"level": "CRITICAL"}) as logs:
        game.notify("crash")
        (record,) = logs.get(timeout=PATIENCE).value["records"]
    assert record["message"] == "RuntimeError: the end"
    assert record["logger"] == "sys.excepthook"
    assert "talker.py" in record["traceback"]
    assert talker.wait() == 1
    assert "RuntimeError: the end" in talker.lines
    assert "goodbye" in talker.lines


def test_a_flood_is_told_as_far_as_it_can_be_and_counted(game: Client) -> None:
    lines = 60_000
    before = game.call("process.metrics")["rss"]
    told = lost = 0
    with game.subscribe("logs", mode="all", filter={"level": "ERROR"}, queue=100_000) as logs:
        game.flood(lines)
        last = ""
        while last != "line 0":
            value = logs.get(timeout=PATIENCE).value
            told += len(value["records"])
            lost += value["dropped"]
            last = value["records"][-1]["message"] if value["records"] else last
        assert logs.dropped == 0
    assert told + lost >= lines
    assert lost > 0
    page = game.call("logs.history", since=0, count=1)
    assert page["lost"] > lines - 15_000
    if before is not None:
        assert game.call("process.metrics")["rss"] - before < 64 * 1024 * 1024


def test_levels_are_set_from_a_shell(game: Client, env: dict[str, str]) -> None:
    done = command(env, "call", "logs.set_level", "level=error", "logger=game.talker")
    assert json.loads(done.stdout)["effective_level"] == "ERROR"
    game.talk()
    done = command(env, "logs", "talker", "--logger", "game")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = command(env, "logs", "talker", "--logger", "stdout", "-n", "1")
    assert json.loads(done.stdout)["message"] == "printed"


@pytest.mark.parametrize("code", [0, 7])
def test_quit_ends_the_game_when_its_answer_is_there(
    talker: Program, game: Client, code: int
) -> None:
    params: dict[str, Any] = {"code": code} if code else {}
    assert game.call("process.quit", **params) == {"by": "SystemExit", "engine": None}
    assert talker.wait() == code
    assert "goodbye" in talker.lines
    assert not [line for line in talker.lines if "Traceback" in line]


def test_metrics_are_a_topic(game: Client) -> None:
    with game.subscribe("process.metrics", mode="all") as metrics:
        first, second = (metrics.get(timeout=PATIENCE) for _ in range(2))
    assert second.time - first.time > 0.9
    assert second.value["cpu_user"] >= first.value["cpu_user"] > 0


@pytest.mark.parametrize("method", ["spawn", "fork"] if sys.platform != "win32" else ["spawn"])
def test_a_child_of_multiprocessing_has_a_log_of_its_own(
    method: str, run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    program = tmp_path / "family.py"
    program.write_text("""
import multiprocessing, sys, time
import stagedoor

def play(what):
    stage = stagedoor.start("family", port=0)
    # Each line in one piece: two processes write to one pipe.
    sys.stdout.write(f"{what}\\n")
    sys.stdout.write(f"playing {stage.name}\\n")
    sys.stdout.flush()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        stage.tick(0.01)
        time.sleep(0.01)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    stage = stagedoor.start("parent", port=0)
    print("said before")
    context.Process(target=play, args=("I am the child",), daemon=True, name="one").start()
    stage.close()
    play("I am the parent")
""")
    game = run("-W", "ignore", program, method, STAGEDOOR="1")
    game.wait_for("^playing family/one$")
    game.wait_for("^playing family$")
    with stagedoor.connect("family/one", timeout=PATIENCE) as child:
        messages = [one["message"] for one in child.call("logs.history")["records"]]
    assert messages == ["I am the child", "playing family/one"]
    with stagedoor.connect("family", timeout=PATIENCE) as parent:
        messages = [one["message"] for one in parent.call("logs.history")["records"]]
    assert messages == ["said before", "I am the parent", "playing family"]
