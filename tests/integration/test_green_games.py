"""Games under gevent and eventlet, whose `patch_all()` puts greenlets in the place of threads: the
stage works as in any other game, and greenlets do, too."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Run
from program import PATIENCE, Program

import stagedoor
from stagedoor.client.errors import NoGameError
from stagedoor.client.sync.client import Client

GAME = Path(__file__).with_name("green_game.py")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it forks")


@pytest.fixture(params=["nobody", "gevent", "eventlet"])
def game(
    request: pytest.FixtureRequest, run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Program, Client]]:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    program = run("-W", "ignore", GAME, request.param, STAGEDOOR="1")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            client = stagedoor.connect("green", timeout=PATIENCE, reconnect=False)
            break
        except NoGameError:
            assert time.monotonic() < deadline, program.lines
            time.sleep(0.01)
    with client:
        yield program, client


def test_a_stage_works(game: tuple[Program, Client]) -> None:
    program, client = game
    assert client.plain(1) == 2
    assert client.coroutine(1) == 3
    assert client.generator(1) == 4
    assert client.worker(1) == 5
    assert client.fork() == 7
    client.call("game.pause")
    assert client.plain(2) == 3
    client.call("game.resume")
    stacks = client.call("process.stacks")
    assert [stack["name"] for stack in stacks if stack["is_game_thread"]] == ["MainThread"]
    with client.subscribe("turns") as turns:
        first = next(iter(turns)).value
        assert any(sample.value > first for sample in turns)
    assert client.leave() == "bye"
    assert program.wait() == 0, program.lines
    program.wait_for(r"^turns [1-9]\d*$")
    assert [line for line in program.lines if not re.match("turns", line)] == []


def test_its_understudy_answers(game: tuple[Program, Client], tmp_path: Path) -> None:
    program, client = game
    back: list[object] = []
    end = tmp_path / "end"

    def hang() -> None:
        with stagedoor.connect("green", timeout=PATIENCE) as other:
            back.append(other.hang(str(end)))

    caller = threading.Thread(target=hang)
    caller.start()
    program.wait_for(r"green has not come to tick\(\)")
    stacks = client.call("process.stacks")
    end.touch()
    where = [stack["frames"][-1]["function"] for stack in stacks if stack["is_game_thread"]]
    assert where[0] in ("hang", "exists")
    caller.join(PATIENCE)
    assert back == ["back"]
    assert client.leave() == "bye"
    assert program.wait() == 0
