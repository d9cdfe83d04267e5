"""The console of a game that knows nothing of stagedoor: `stagedoor run --console`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from program import PATIENCE, Program

import stagedoor
from stagedoor.client.find.games import running_games
from stagedoor.client.sync.client import Client
from stagedoor.wire.errors import Forbidden, GameStalled, MethodNotFound

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="mkfifo")

GAME = """
import time

class World:
    def __init__(self):
        self.rocks = [1, 2, 3]
        self.frames = 0

def main():
    while True:
        world.frames += 1
        time.sleep(0.005)

world = World()
main()
"""


class Playing:
    """A running game, and how to reach it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.url = eventually(lambda: _url_of(program))

    def client(self, role: Any = "admin") -> Client:
        return stagedoor.connect(self.url, role=role, reconnect=False, timeout=PATIENCE)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "stagedoor", *arguments, "--to", self.url]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


def _url_of(program: Program) -> str:
    games = running_games()
    return next((game.url for game in games if game.pid == program.process.pid), "")


def eventually(ask: Callable[[], Any]) -> Any:
    """Ask until the answer is yes."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return answer


@pytest.fixture
def play(
    run: Run, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Playing]:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    (tmp_path / "game.py").write_text(GAME)

    def start(*options: str) -> Playing:
        file = tmp_path / "game.py"
        return Playing(run("-m", "stagedoor", "run", "--port", "0", *options, file))

    return start


@pytest.fixture
def game(play: Callable[..., Playing]) -> Playing:
    return play("--console")


def evaluate_on_a_thread(client: Client, code: str) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []
    thread = threading.Thread(
        target=lambda: found.append(client.call("console.evaluate", code=code))
    )
    thread.start()
    return thread, found


def test_stagedoor_eval_reaches_the_games_own_names(game: Playing) -> None:
    assert game.command("eval", "world.rocks.append(4)\nlen(world.rocks)").stdout == "4\n"
    assert game.command("eval", "print(_ + 1)").stdout == "5\n"
    failed = game.command("eval", "world.nothing")
    assert failed.returncode == 1
    assert "'World' object has no attribute 'nothing'" in failed.stderr


def test_there_is_none_unless_asked_for(play: Callable[..., Playing]) -> None:
    game = play()
    with game.client() as client, pytest.raises(MethodNotFound):
        client.call("console.evaluate", code="1")
    assert "stagedoor run --console" in game.command("eval", "1").stderr


def test_it_is_for_admins(game: Playing) -> None:
    with game.client("operator") as client, pytest.raises(Forbidden):
        client.call("console.evaluate", code="1")


def test_an_endless_loop_is_ended_from_another_connection_and_the_game_goes_on(
    game: Playing,
) -> None:
    with game.client() as caller, game.client() as other:
        thread, found = evaluate_on_a_thread(caller, "while True:\n    pass")
        interruption = eventually(lambda: (it := other.call("console.interrupt"))["running"] and it)
        thread.join(PATIENCE)
        assert found[0]["error"]["type"] == "Interrupted"
        assert interruption["where"]["file"].startswith("<console ")
        before = other.call("console.evaluate", code="world.frames")["value"]
        eventually(
            lambda: other.call("console.evaluate", code="world.frames")["value"] > before + 10
        )


def test_a_loop_of_the_games_own_code_is_ended_too(game: Playing) -> None:
    with game.client() as caller, game.client() as other:
        thread, found = evaluate_on_a_thread(caller, "main()")
        interruption = eventually(lambda: (it := other.call("console.interrupt"))["running"] and it)
        thread.join(PATIENCE)
        assert found[0]["error"]["type"] == "Interrupted"
        assert interruption["where"]["function"] == "main"


def test_a_c_call_goes_on_and_the_answer_says_so(game: Playing, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code = f"import os\nos.open({str(pipe)!r}, os.O_RDONLY)"  # waits for somebody who writes
    with game.client() as caller, game.client() as other:
        thread, found = evaluate_on_a_thread(caller, code)
        interruption = eventually(lambda: (it := other.call("console.interrupt"))["running"] and it)
        assert not interruption["ended"]
        assert "cannot be interrupted" in interruption["advice"]
        os.close(os.open(pipe, os.O_WRONLY))
        thread.join(PATIENCE)
        assert found[0]["error"]["type"] == "Interrupted"


def test_meanwhile_the_understudy_answers_and_says_what_to_do(game: Playing) -> None:
    with game.client() as caller, game.client() as other:
        thread, _ = evaluate_on_a_thread(caller, "while True:\n    pass")
        status = eventually(lambda: (it := other.call("game.status"))["stalled_for"] and it)
        assert status["where"]["file"].startswith("<console ")
        assert "console.interrupt" in status["advice"]
        with pytest.raises(GameStalled) as refused:
            other.call("game.pause")
        assert "console.interrupt" in str(refused.value)
        assert other.call("console.interrupt")["ended"]
        thread.join(PATIENCE)
        assert other.call("game.pause")["paused"]


def test_code_ends_when_its_caller_leaves(game: Playing) -> None:
    left = game.command("eval", "while True:\n    pass", "--timeout", "4")
    assert left.returncode == 1
    with game.client() as other:
        assert other.call("console.evaluate", code="1")["value"] == 1


def test_a_profile_of_a_running_game_has_its_lines(game: Playing) -> None:
    table = game.command("profile", "--seconds", "0.5").stdout
    assert "main  game.py:" in table
    lines = game.command("profile", "--seconds", "0.5", "--format", "collapsed").stdout
    assert "main (game.py:" in lines


def test_it_answers_in_a_paused_game(game: Playing) -> None:
    with game.client() as client:
        client.call("game.pause")
        before = client.call("console.evaluate", code="world.frames")["value"]
        assert client.call("console.evaluate", code="world.frames")["value"] == before
        found = client.call("console.complete", code="world.ro")
        assert found == {"length": 2, "names": ["rocks"]}


OWN_STAGE = """
import time
import stagedoor

stage = stagedoor.start("own")
print("ready", flush=True)
frames = 0
while True:
    stage.tick()
    frames += 1
    time.sleep(0.005)
"""


def test_a_stage_of_the_games_own_has_the_console_that_run_was_asked_for(
    play: Callable[..., Playing], tmp_path: Path
) -> None:
    (tmp_path / "game.py").write_text(OWN_STAGE)
    game = play("--console")
    game.program.wait_for("^ready$")
    game.url = eventually(lambda: _url_of(game.program))
    with game.client() as client:
        eventually(lambda: client.call("console.evaluate", code="frames")["value"])
