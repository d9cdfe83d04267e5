"""A smoke test of each engine, in ten seconds: a game is watched, held, stepped and ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import Run
from program import PATIENCE

import stagedoor
from stagedoor.live.engines import ENGINES

GAMES = {
    "pygame": """
import pygame, stagedoor
stage = stagedoor.start("smoke", port=0)
pygame.init()
pygame.display.set_mode((64, 64))
clock = pygame.time.Clock()
at = 0.0
stage.watch("at", lambda: at)
print("url", stage.url, flush=True)
while not any(event.type == pygame.QUIT for event in pygame.event.get()):
    at += stage.tick(clock.tick(60) / 1000)
    pygame.display.flip()
""",
}
"""A game of each, which prints the URL of its door and ends when its window is closed."""


def test_each_engine_has_a_smoke_test() -> None:
    assert GAMES.keys() == ENGINES.keys()


@pytest.mark.parametrize("engine", GAMES)
def test_a_game_is_watched_held_stepped_and_ended(
    engine: str, run: Run, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    file = tmp_path / "game.py"
    file.write_text(GAMES[engine])
    program = run(file, STAGEDOOR="1", SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy")
    url = program.wait_for(r"^url (\S+)$")[1]
    with stagedoor.connect(url, timeout=PATIENCE) as game:
        with game.subscribe("at", mode="change") as values:
            first = values.get(PATIENCE).value
            while values.get(PATIENCE).value == first:
                pass
        assert game.call("game.status")["engine"].startswith(engine)
        held = game.call("game.pause")["frame"]
        assert game.call("game.step", frames=10)["frame"] == held + 10
        game.call("game.resume")
        deadline = time.monotonic() + PATIENCE
        while game.call("game.status")["fps"] <= 0:
            assert time.monotonic() < deadline
        assert game.call("process.quit")["by"] == "engine"
    assert program.wait() == 0
