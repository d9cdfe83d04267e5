"""What the inputs of this folder share.

Each is a program that does what somebody has reported. It ends by `tell()`, with the exit code
RIGHT or WRONG; any other one says that the input itself is broken.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import stagedoor
from stagedoor.client.find.games import running_games

RIGHT, WRONG = 0, 10
PATIENCE = 30.0
"""Seconds after which what must come is given up."""
HEADLESS = {
    "SDL_VIDEODRIVER": "dummy",
    "SDL_AUDIODRIVER": "dummy",
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
}


def tell(is_right: object, saw: object) -> NoReturn:
    """End the program, whatever its threads do, with what it saw in one line."""
    print(saw, flush=True)
    os._exit(RIGHT if is_right else WRONG)


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """Ask until the answer is yes. If it never is, that is wrong."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := condition()):
        if time.monotonic() > deadline:
            tell(False, f"in {PATIENCE:g} s it did not come about that {what}")
        time.sleep(0.005)
    return answer


# A game in this process --------------------------------------------------------------------------


@dataclass
class Outcome:
    """What a client's work came to, and what it did to the game."""

    result: Any = None
    raised: Exception | None = None
    tick_raised: BaseException | None = None

    @property
    def code(self) -> int | None:
        """That of the error which was the answer."""
        return getattr(self.raised, "code", None)


def play(stage: Any, work: Callable[[], Any]) -> Outcome:
    """Tick, until a client's work on another thread is done; or until tick() raises, which would
    be the end of a game."""
    outcome = Outcome()

    def run() -> None:
        try:
            outcome.result = work()
        except Exception as error:
            outcome.raised = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while thread.is_alive() and outcome.tick_raised is None:
        if time.monotonic() > deadline:
            tell(False, f"the client was not done in {PATIENCE:g} s")
        try:
            stage.tick(0.005)
        except BaseException as error:
            outcome.tick_raised = error
        time.sleep(0.001)
    return outcome


# A game in another process -----------------------------------------------------------------------

PYGAME = """
import pygame, stagedoor
stage = stagedoor.start("game", port=0)
pygame.init()
screen = pygame.display.set_mode((64, 64))
clock = pygame.time.Clock()
"""
LOOP = """
running = True
while running:
    running = not any(event.type == pygame.QUIT for event in pygame.event.get())
    dt = stage.tick(clock.tick(60) / 1000)
    pygame.display.flip()
"""


def folder() -> Path:
    """This run's own."""
    return Path(os.environ["STAGEDOOR_RUNTIME_DIR"]).parent


@contextmanager
def game(source: str, *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running game, with its door open; its stderr is in `game.stderr`. `before` goes before its
    file on the command line."""
    file = folder() / "game.py"
    file.write_text(source)
    with (folder() / "game.stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, *before, file],
            env=os.environ | HEADLESS,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        wait_until(lambda: process.pid in {game.pid for game in running_games()}, "a door opens")
        yield process
    finally:
        process.kill()
        process.wait()


RUN = ("-m", "stagedoor", "run", "--port", "0")
"""`game(source, *RUN)` for one that knows nothing of stagedoor."""


def client() -> Any:
    """Of the only game."""
    return stagedoor.connect(timeout=PATIENCE)


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command line's `stagedoor`."""
    return subprocess.run(
        [sys.executable, "-m", "stagedoor", *arguments],
        **{"capture_output": True, "text": True, "timeout": PATIENCE} | options,
    )
