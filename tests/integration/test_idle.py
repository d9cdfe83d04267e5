"""What a game waits is idle, and not its work: whatever it waits with, alone and under `run`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from conftest import Run
from program import PATIENCE

import stagedoor

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows does not tell what a thread works"
)

BEFORE = """
import threading, time
import pygame, stagedoor
pygame.init()
screen = pygame.display.set_mode((64, 64))
"""
START = """
stage = stagedoor.start("game", port=0)
print("url", stage.url, flush=True)
def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
"""
LOOP = """
while not pygame.event.get(pygame.QUIT):
    work(0.001)
    {wait}
"""

WAITS = {
    "the README's": ("", "clock = pygame.time.Clock()", "stage.tick(clock.tick(60) / 1000)"),
    "a clock from before": ("clock = pygame.time.Clock()", "", "stage.tick(clock.tick(60) / 1000)"),
    "an imported clock": (
        "from pygame.time import Clock", "clock = Clock()", "stage.tick(clock.tick(60) / 1000)"
    ),
    "pygame.Clock": ("", "clock = pygame.Clock()", "stage.tick(clock.tick(60) / 1000)"),
    "a busy clock": (
        "", "clock = pygame.time.Clock()", "stage.tick(clock.tick_busy_loop(60) / 1000)"
    ),
    "time.sleep": ("", "", "time.sleep(0.015); stage.tick()"),
    "an imported sleep": ("from time import sleep", "", "sleep(0.015); stage.tick()"),
    "pygame.time.wait": ("", "", "pygame.time.wait(15); stage.tick()"),
    "an imported wait": ("from pygame.time import wait", "", "wait(15); stage.tick()"),
    "pygame.time.delay": ("", "", "pygame.time.delay(15); stage.tick()"),
    "an event": ("", "pygame.time.set_timer(pygame.USEREVENT, 15)",
        "pygame.event.wait(); stage.tick()"),
    "a lock": ("", "", "threading.Event().wait(0.015); stage.tick()"),
    "another thread": (
        "",
        "def other():\n    work(0.015)\n",
        "thread = threading.Thread(target=other); thread.start(); thread.join(); stage.tick()",
    ),
}  # fmt: skip
"""What comes before and after `start()`, and how a turn ends."""


@pytest.mark.parametrize("is_under_run", [False, True], ids=["alone", "under run"])
@pytest.mark.parametrize("wait", WAITS)
def test_a_wait_is_idle(
    wait: str,
    is_under_run: bool,
    run: Run,
    env: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    before, after, how = WAITS[wait]
    file = tmp_path / "game.py"
    file.write_text(f"{BEFORE}{before}{START}{after}{LOOP.format(wait=how)}")
    program = run(
        *(["-m", "stagedoor", "run", "--port", "0"] if is_under_run else []), file,
        STAGEDOOR="1", SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy",
    )  # fmt: skip
    url = program.wait_for(r"^url (\S+)$")[1]
    with stagedoor.connect(url, timeout=PATIENCE) as game:
        deadline = time.monotonic() + PATIENCE
        while (summary := game.call("frames.summary", count=60))["frames"] < 60:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert game.call("process.quit")["by"] == "engine"
    assert program.wait() == 0
    assert summary["work"] >= 0.001
    assert summary["idle"] > summary["work"] * 2  # 15 times, if a frame does nothing else
    assert summary["work"] + summary["idle"] + summary["stagedoor"] == pytest.approx(
        summary["mean"], rel=0.01
    )
