"""A hostile game, and that it is as before after each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from after import own_memory
from program import Program

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
        programs.append(Program([file, *arguments], own_memory(env)))
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
    """The game; after the test it is as it was before."""
    with shared_game.kept():
        yield shared_game


@pytest.fixture
def own_game(start_game: StartGame) -> Iterator[Game]:
    """One for a single test, which is as before after it."""
    game = start_game("plain")
    with game.kept():
        yield game
