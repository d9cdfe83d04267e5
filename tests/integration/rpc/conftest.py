"""A hostile game, and that it is as before after each test."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from program import PATIENCE, Program

from .peer import GAME, Game

StartGame = Callable[..., Game]


@pytest.fixture(scope="module")
def start_game(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGame]:
    """Starts games, each in a runtime folder of its own."""
    programs: list[Program] = []

    def make(*arguments: str, file: Path = GAME) -> Game:
        runtime = tmp_path_factory.mktemp("runtime")
        runtime.chmod(0o700)
        env = {
            **os.environ,
            "STAGEDOOR": "1",
            "STAGEDOOR_RUNTIME_DIR": str(runtime),
            "PYTHONIOENCODING": "utf-8:backslashreplace",
        }
        programs.append(Program([file, *arguments], env))
        return Game(programs[-1], runtime)

    yield make
    for program in programs:
        program.end()


@pytest.fixture(scope="module", params=["plain", "asyncio"])
def shared_game(request: pytest.FixtureRequest, start_game: StartGame) -> Game:
    """One for all tests of a module, in a loop of each kind."""
    return start_game(request.param)


@pytest.fixture
def game(shared_game: Game) -> Iterator[Game]:
    """The game; after the test a client that was there all the time is answered as before, and
    threads, calls and subscriptions are as many as they were."""
    with shared_game.peer() as healthy:
        before = healthy.call("vitals")["result"]
        yield shared_game
        assert healthy.call("echo", "still here")["result"] == "still here"
        deadline = time.monotonic() + PATIENCE
        while (after := healthy.call("vitals")["result"]) != before:
            assert time.monotonic() < deadline, (before, after)
            time.sleep(0.01)
    assert shared_game.program.process.poll() is None
