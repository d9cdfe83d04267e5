"""`stagedoor run`: loops of all kinds have one frame a turn, and can be held and stepped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from program import PATIENCE, Program

import stagedoor
from stagedoor.client.find.games import running_games
from stagedoor.client.sync.client import Client

HEAD = """
import os, threading, time
import pygame
from time import sleep
from pygame.time import Clock, delay, wait
from pygame._sdl2.video import Renderer
turns = 0
file = os.open("turns", os.O_CREAT | os.O_WRONLY)
def turn():
    global turns
    turns += 1
    os.pwrite(file, b"%12d" % turns, 0)
pygame.init()
"""
SHOW = "screen = pygame.display.set_mode((64, 64))\n"

LOOPS = {
    "a clock": SHOW + "clock = Clock()\nwhile turn() is None: pygame.event.get(); clock.tick(100)",
    "a clock for each turn": SHOW + """
while True:
    turn()
    pygame.event.get()
    pygame.display.flip()
    Clock().tick(100)
    wait(5)
""",
    "a busy clock": SHOW + "clock = Clock()\nwhile turn() is None: clock.tick_busy_loop(100)",
    "everything": SHOW + """
clock = Clock()
while True:
    turn()
    pygame.event.get(pygame.QUIT)
    pygame.event.get()
    screen.fill("red")
    pygame.display.update((0, 0, 9, 9))
    pygame.display.flip()
    sleep(0.002)
    wait(2)
    clock.tick(60)
""",
    "flip": SHOW + "while turn() is None: pygame.event.pump(); pygame.display.flip(); sleep(0.005)",
    "update": SHOW + """
while True:
    turn()
    for event in pygame.event.get():
        pass
    pygame.display.update((0, 0, 9, 9))
    pygame.display.update((9, 9, 9, 9))
    delay(5)
""",
    "Window.flip": """
window = pygame.Window("game", (64, 64))
window.get_surface()
while True:
    turn()
    pygame.event.get()
    window.flip()
    wait(5)
""",
    "Renderer.present": """
renderer = Renderer(pygame.Window("game", (64, 64)))
while True:
    turn()
    pygame.event.get()
    renderer.clear()
    renderer.present()
    sleep(0.005)
""",
    "event.get alone": SHOW + "while turn() is None: pygame.event.get()",
    "event.poll": SHOW + "while turn() is None: pygame.event.poll(); sleep(0.005)",
    "event.wait with a timeout": SHOW + "while turn() is None: pygame.event.wait(10)",
    "time.sleep alone": "while turn() is None: sleep(0.01)",
    "time.wait alone": "while turn() is None: wait(10)",
    "time.delay alone": "while turn() is None: pygame.time.delay(10)",
    "another thread": SHOW + """
def loop():
    clock = Clock()
    while True:
        turn()
        pygame.event.get()
        pygame.display.flip()
        clock.tick(100)
thread = threading.Thread(target=loop)
thread.start()
thread.join()
""",
    "drawing on another thread": SHOW + """
def draw():
    while True:
        turn()
        pygame.display.flip()
        sleep(0.01)
threading.Thread(target=draw, daemon=True).start()
while True:
    pygame.event.get()
    sleep(0.004)
""",
}  # fmt: skip
WAITS = {
    "event.wait": SHOW + "while turn() is None: pygame.event.wait(); pygame.display.flip()",
    "time.sleep for long": "while turn() is None: sleep(3)",
    "time.wait for long": "while turn() is None: wait(3000)",
}
"""They have frames while they wait, so a turn may have several."""

Play = Callable[[str], tuple[Program, Client]]


@pytest.fixture
def play(
    run: Run, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Play]:
    """Runs a source; returns its process and a client."""
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    monkeypatch.chdir(tmp_path)
    clients: list[Client] = []

    def start(source: str) -> tuple[Program, Client]:
        file = tmp_path / "game.py"
        file.write_text(HEAD + source)
        program = run(
            "-m", "stagedoor", "run", "--port", "0", file,
            SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy", PYGAME_HIDE_SUPPORT_PROMPT="1",
        )  # fmt: skip
        [game] = eventually(running_games, program)
        clients.append(stagedoor.connect(game.url, reconnect=False, timeout=PATIENCE))
        return program, clients[-1]

    yield start
    for client in clients:
        client.close()


def eventually(ask: Callable[[], Any], program: Program) -> Any:
    """Ask until the answer is yes."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline, program.lines
        assert program.process.poll() is None, program.lines
        time.sleep(0.01)
    return answer


def turns() -> int:
    """How many turns the game's loop has begun."""
    file = Path("turns")
    return int(file.read_text() or "0") if file.exists() else 0


def frame_of(client: Client) -> int:
    return int(client.call("game.status")["frame"])


def game_thread(client: Client) -> str:
    """The name of the thread that has the frames."""
    stacks = client.call("process.stacks")
    [name] = [thread["name"] for thread in stacks if thread["is_game_thread"]]
    return str(name)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_has_one_frame_a_turn_and_can_be_held_and_stepped(loop: str, play: Play) -> None:
    program, client = play(LOOPS[loop])
    eventually(lambda: frame_of(client) > 20, program)
    if "another thread" in loop:
        eventually(lambda: game_thread(client) != "MainThread", program)
    frame, turn = client.call("game.pause")["frame"], turns()
    for number in range(1, 4):
        for _ in range(10):
            assert (frame_of(client), turns()) == (frame, turn)
        frame, turn = frame + 10, turn + 10
        assert client.call("game.step", frames=10)["frame"] == frame, number
    client.call("game.resume")
    eventually(lambda: turns() > turn + 20, program)
    summary = client.call("frames.summary")
    if loop != "event.get alone":
        assert summary["idle"] > summary["work"]
    assert program.lines == []


@pytest.mark.parametrize("wait", WAITS)
def test_a_wait_has_frames_and_can_be_held(wait: str, play: Play) -> None:
    program, client = play(WAITS[wait])
    eventually(lambda: frame_of(client) > 5, program)
    frame = client.call("game.pause")["frame"]
    for _ in range(10):
        assert frame_of(client) == frame
    assert client.call("game.step", frames=3)["frame"] == frame + 3
    client.call("game.resume")
    eventually(lambda: frame_of(client) > frame + 6, program)
    summary = client.call("frames.summary")
    assert summary["idle"] > summary["work"]
    assert program.lines == []


def test_a_game_that_waits_for_events_gets_those_that_came_while_it_was_held(play: Play) -> None:
    program, client = play(
        SHOW
        + """
pygame.time.set_timer(pygame.USEREVENT, 50)
while True:
    event = pygame.event.wait()
    if event.type == pygame.USEREVENT:
        turn()
    if event.type == pygame.QUIT:
        break
"""
    )
    eventually(lambda: turns() > 3, program)
    client.call("game.pause")
    before = turns()
    held = time.monotonic()
    while time.monotonic() < held + 0.5:
        frame_of(client)
    assert turns() == before
    client.call("game.resume")
    eventually(lambda: turns() >= before + 8, program)
    assert client.call("process.quit")["by"] == "engine"
    assert program.wait() == 0
    assert program.lines == []
