"""Input to games as processes: one that comes with pygame-ce, unmodified, and one with a stage."""

from __future__ import annotations

import re
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
from stagedoor.client.sync.client import Client
from stagedoor.wire.errors import HandlerError

HEADLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}

ALIENS = """
from pygame.examples import aliens

seen = open({seen!r}, "a")

def told(kind, name, tell):
    real = getattr(kind, name)
    def tells(self, *arguments):
        real(self, *arguments)
        print(tell(self, *arguments), file=seen, flush=True)
    setattr(kind, name, tells)

# The game's code is as it is; this writes down what its player and its shots do. Its aliens stay
# where they are, so that the player lives as long as the test.
aliens.ALIEN_ODDS = aliens.BOMB_ODDS = 10**12
aliens.Alien.speed = 0
told(aliens.Player, "move", lambda self, direction: f"at {{self.rect.centerx}} {{direction}}")
told(aliens.Shot, "__init__", lambda self, *_: "shot")
aliens.main()
"""

OURS = """
import pygame, stagedoor
stage = stagedoor.start("ours", port=0)
pygame.init()
pygame.display.set_mode((64, 48))
clock = pygame.time.Clock()
pads = []
was = False
left = lambda: pygame.key.get_pressed()[pygame.K_LEFT]
print("url", stage.url, flush=True)
while True:
    stage.tick(clock.tick(100) / 1000)
    for event in pygame.event.get():
        if event.type == pygame.QUIT:
            raise SystemExit
        if event.type == pygame.TEXTINPUT:
            print("text", event.text, flush=True)
        if event.type == pygame.KEYDOWN:
            print("down", event.key, flush=True)
        if event.type == pygame.JOYDEVICEADDED:
            pads.append(pygame.joystick.Joystick(event.device_index))
    if hasattr(pygame.key, "get_just_pressed"):  # pygame-ce
        assert pygame.key.get_just_pressed()[pygame.K_LEFT] == (not was and left())
        assert pygame.key.get_just_released()[pygame.K_LEFT] == (was and not left())
    if left():
        print("left", flush=True)
    elif was:
        print("released left", flush=True)
    was = left()
    if pygame.mouse.get_pressed()[0]:
        print("drawn", *pygame.mouse.get_pos(), flush=True)
    for pad in pads:
        if pad.get_button(0):
            print("pad", round(pad.get_axis(0), 2), flush=True)
    pygame.display.flip()
"""

WIDGETS = """
import pygame, pygame_gui
pygame.init()
screen = pygame.display.set_mode((400, 300))
manager = pygame_gui.UIManager((400, 300))
pygame_gui.elements.UIButton(pygame.Rect(50, 50, 100, 40), "Go", manager)
pygame_gui.elements.UITextEntryLine(pygame.Rect(50, 150, 200, 40), manager)
clock = pygame.time.Clock()
print("begins", flush=True)
while True:
    dt = clock.tick(60) / 1000
    for event in pygame.event.get():
        if event.type == pygame.QUIT:
            raise SystemExit
        if event.type == pygame_gui.UI_BUTTON_PRESSED:
            print("clicked", flush=True)
        if event.type == pygame_gui.UI_TEXT_ENTRY_FINISHED:
            print("entered", event.text, flush=True)
        manager.process_events(event)
    manager.update(dt)
    manager.draw_ui(screen)
    pygame.display.flip()
"""


@pytest.fixture
def runtime(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])


class Aliens:
    """The game under `stagedoor run`, and what happened in it, in order."""

    def __init__(self, program: Program, seen: Path) -> None:
        self.program = program
        self._seen = seen

    def lines(self) -> list[str]:
        return self._seen.read_text().splitlines()

    def ways(self, since: int = 0) -> list[tuple[int, int]]:
        """Where the player was, and which way it went, in each frame since."""
        found = [re.fullmatch(r"at (\d+) (-?\d)", line) for line in self.lines()[since:]]
        return [(int(one[1]), int(one[2])) for one in found if one]

    def wait(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.lines()
            assert self.program.process.poll() is None, self.program.lines
            time.sleep(0.01)

    def step(self, client: Client, frames: int) -> list[tuple[int, int]]:
        """What the player does in so many frames."""
        since = len(self.lines())
        client.call("game.step", frames=frames)
        return self.ways(since)


@pytest.fixture
def aliens(run: Run, runtime: None, tmp_path: Path) -> Aliens:
    file, seen = tmp_path / "aliens.py", tmp_path / "seen"
    seen.touch()
    file.write_text(ALIENS.format(seen=str(seen)))
    program = run("-m", "stagedoor", "run", "--port", "0", file, **HEADLESS)
    made = Aliens(program, seen)
    made.wait(made.ways)
    return made


@pytest.fixture
def ours(run: Run, runtime: None, tmp_path: Path) -> tuple[Program, str]:
    """A game with a stage of its own, and its URL."""
    file = tmp_path / "ours.py"
    file.write_text(OURS)
    program = run(file, STAGEDOOR="1", **HEADLESS)
    return program, program.wait_for(r"^url (\S+)$")[1]


def test_an_unmodified_game_is_played(aliens: Aliens) -> None:
    with stagedoor.connect("aliens", timeout=PATIENCE, reconnect=False) as game:
        can = game.call("game.status")["can"]
        assert {"keys", "polled", "pointer", "text", "gamepad"} <= set(can)
        game.call("game.pause")
        [(start, still)] = aliens.step(game, 1)
        assert still == 0
        game.call("input.key", key="left", state="down")
        went = aliens.step(game, 5)
        assert [way for _, way in went] == [-1] * 5
        assert went[-1][0] < start
        game.call("input.key", key="left", state="up")
        game.call("input.key", key="right", state="down")
        back = aliens.step(game, 8)
        assert [way for _, way in back] == [1] * 8
        assert back[-1][0] > start
        game.call("input.release")
        assert aliens.step(game, 1)[0][1] == 0
        assert "shot" not in aliens.lines()
        game.call("input.key", key="space", state="down")
        aliens.step(game, 2)
        assert aliens.lines().count("shot") == 1
        game.call("input.release")
        since = len(aliens.lines())
        game.call("game.resume")
        done = game.call("input.key", key="left", frames=4)
        assert done["until"] - done["frame"] == 4
        assert [way for _, way in aliens.ways(since)].count(-1) == 4
        assert game.call("process.quit")["by"] == "engine"
    assert aliens.program.wait() == 0


def test_the_command_line_plays(aliens: Aliens, env: dict[str, str]) -> None:
    def verb(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "stagedoor", *arguments, "--to", "aliens"]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE)

    since = len(aliens.lines())
    done = verb("press", "left", "space", "--frames", "3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "shot" in aliens.lines()
    assert [way for _, way in aliens.ways(since)].count(-1) == 3
    done = verb("press", "lefft")
    assert done.returncode == 1
    assert "there is no key 'lefft'; did you mean left" in done.stderr
    assert verb("type", "any text").returncode == 0


def test_a_game_with_a_stage_gets_keys_text_the_pointer_and_a_gamepad(
    ours: tuple[Program, str],
) -> None:
    program, url = ours
    with stagedoor.connect(url, timeout=PATIENCE, reconnect=False) as game:
        game.call("input.key", key="left", frames=3)
        program.wait_for("^released left")
        assert sum(line.startswith("left") for line in program.lines) == 3
        game.call("input.text", text="Hé")
        program.wait_for("^text é$")
        game.call("input.drag", x=0, y=0, to_x=63, to_y=47, frames=9)
        program.wait_for("^drawn 63 47$")
        assert "drawn 0 0" in program.lines
        game.call("input.gamepad", frames=1, buttons=["b"])  # plugs it in
        game.call("input.gamepad", frames=3, buttons=["a"], axes={"left x": -0.5})
        program.wait_for("^pad -0.5$")
        with pytest.raises(HandlerError, match="outside of the game's picture"):
            game.call("input.click", x=64, y=0)
        entries = game.call("sessions.audit", count=20)
        assert [one["params"] for one in entries if one["method"] == "input.text"] == [
            '{"text":"Hé"}'
        ]


def test_widgets_are_clicked_and_typed_into(run: Run, runtime: None, tmp_path: Path) -> None:
    file = tmp_path / "widgets.py"
    file.write_text(WIDGETS)
    program = run("-m", "stagedoor", "run", "--port", "0", file, **HEADLESS)
    program.wait_for("^begins$")
    with stagedoor.connect("widgets", timeout=PATIENCE, reconnect=False) as game:
        game.call("input.click", x=100, y=70)
        program.wait_for("^clicked$")
        game.call("input.click", x=100, y=170)
        game.call("input.text", text="Ada Ü!")
        game.call("input.key", key="ctrl+a")  # which replaces all of it
        game.call("input.text", text="Bo")
        game.call("input.key", key="shift+b")
        game.call("input.key", key="backspace")
        game.call("input.text", text="b\n")
        program.wait_for("^entered Bob$")


def test_a_client_that_leaves_lets_go(ours: tuple[Program, str]) -> None:
    program, url = ours
    client = stagedoor.connect(url, timeout=PATIENCE, reconnect=False)
    client.call("input.key", key="left", state="down")
    program.wait_for("^left")
    client.close()
    program.wait_for("^released left")


def test_a_call_that_is_cancelled_lets_go(ours: tuple[Program, str]) -> None:
    program, url = ours
    with stagedoor.connect(url, timeout=PATIENCE, reconnect=False) as game:
        with game.progress("input.key", key="left", seconds=600):
            program.wait_for("^left")
        program.wait_for("^released left")


def test_input_waits_while_the_game_is_held(ours: tuple[Program, str]) -> None:
    program, url = ours
    with (
        stagedoor.connect(url, timeout=PATIENCE, reconnect=False) as game,
        stagedoor.connect(url, timeout=PATIENCE, reconnect=False) as other,
    ):
        game.call("game.pause")
        done: list[Any] = []
        thread = threading.Thread(
            target=lambda: done.append(other.call("input.key", key="left", frames=2))
        )
        thread.start()
        while not game.call("input.state")["held"]:
            pass
        assert not [line for line in program.lines if line.startswith(("left", "down"))]
        assert done == []
        game.call("game.step", frames=1)
        program.wait_for("^left$")
        game.call("game.resume")
        program.wait_for("^released left$")
        thread.join(PATIENCE)
        assert sum(line.startswith("left") for line in program.lines) == 2
