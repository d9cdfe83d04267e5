"""`stagedoor run`: games that know nothing of stagedoor, as processes of their own, called by a
real client. Some of them are examples that come with pygame-ce."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from program import EXAMPLES, PATIENCE, Program

import stagedoor
from stagedoor.client.find.games import running_games
from stagedoor.client.sync.client import Client
from stagedoor.wire.errors import Forbidden, GameStalled, HandlerError, InvalidParams

HEADLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}

Play = Callable[..., tuple[Program, Client]]


@pytest.fixture
def play(run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Runs a game without a display; returns its process, and a client with the admin's token."""
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    clients: list[Client] = []

    def start(*arguments: str | Path) -> tuple[Program, Client]:
        program = run("-m", "stagedoor", "run", "--port", "0", *arguments, **HEADLESS)
        clients.append(stagedoor.connect(url_of(program), reconnect=False))
        return program, clients[-1]

    yield start
    for client in clients:
        client.close()


def url_of(program: Program) -> str:
    """Where the door of a program is, once it has one."""
    return eventually(
        lambda: next((game.url for game in running_games() if game.pid == program.process.pid), ""),
        program,
    )


def eventually(ask: Callable[[], Any], program: Program) -> Any:
    """Ask until the answer is yes."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline, program.lines
        assert program.process.poll() is None, program.lines
        time.sleep(0.01)
    return answer


def frame_of(client: Client) -> int:
    return int(client.call("game.status")["frame"])


def plays(client: Client, program: Program) -> int:
    """Wait until the game has frames, more than before; returns how many."""
    before = frame_of(client)
    eventually(lambda: frame_of(client) > before + 5, program)
    return frame_of(client)


def end(program: Program, client: Client) -> None:
    """Have the game quit in its own way."""
    assert client.call("process.quit")["by"] == "engine"
    assert program.wait() == 0


# Examples of pygame-ce


@pytest.mark.parametrize("name", ["chimp", "stars"])
def test_an_example_of_pygame_is_watched_held_stepped_and_ended(name: str, play: Play) -> None:
    program, client = play("-m", f"pygame.examples.{name}")
    plays(client, program)
    status = client.call("game.status")
    assert status["name"] == name
    assert status["engine"].startswith("pygame")
    assert client.call("process.info")["pid"] == program.process.pid
    assert client.call("process.metrics")["rss"] > 1 << 20

    # What is said in it is read: here, that a viewer was refused.
    with stagedoor.connect(url_of(program), role="viewer") as viewer, pytest.raises(Forbidden):
        viewer.call("game.pause")
    [record] = client.call("logs.history", text="game.pause")["records"]
    assert (record["logger"], record["level"]) == ("stagedoor", "WARNING")

    # Most of a frame is its clock's waiting, and that is not the game's work.
    eventually(lambda: client.call("game.status")["fps"] > 0, program)
    summary = client.call("frames.summary")
    assert summary["idle"] > 0
    assert summary["work"] < summary["mean"]

    # The slowest frames are found.
    spikes = client.call("frames.spikes", count=100, threshold=0)["spikes"]
    assert spikes[0]["total"] >= summary["median"]

    # Paused, it stays where it is, and answers.
    held = client.call("game.pause")
    assert held["paused"] is True
    for _ in range(20):
        assert frame_of(client) == held["frame"]

    # It goes on for ten frames, exactly.
    for number in range(1, 4):
        assert client.call("game.step", frames=10)["frame"] == held["frame"] + 10 * number
        assert frame_of(client) == held["frame"] + 10 * number

    assert client.call("game.timescale", scale=0.5)["timescale"] == 0.5
    client.call("game.resume")
    plays(client, program)
    end(program, client)


PLAIN_GAME = """
import os
import pygame

class World:
    def __init__(self):
        self.score, self.pos = 1, pygame.Vector2(1, 2)

world = World()
_secret = 3
pygame.init()
screen = pygame.display.set_mode((64, 64))
clock = pygame.time.Clock()
while not pygame.event.get(pygame.QUIT):
    world.score += world.score > 1000
    pygame.display.flip()
    clock.tick(60)
"""


def test_the_main_module_of_a_game_that_knows_of_nothing_is_a_root(
    play: Play, tmp_path: Path
) -> None:
    script = tmp_path / "plain.py"
    script.write_text(PLAIN_GAME)
    program, client = play(script)
    plays(client, program)
    (root,) = client.call("objects.roots")
    assert (root["path"], root["kind"]) == ("__main__", "module")
    names = [node["name"] for node in client.call("objects.children", path="__main__")["nodes"]]
    assert names == ["world", "screen", "clock"], "neither imports nor what is hidden"
    client.call("objects.set", path="__main__.world.pos.x", value=30)
    assert client.call("objects.get", path="__main__.world.pos")["value"] == [30, 2]
    client.call("objects.set", path="__main__.world.score", value=5000)
    score = client.call("objects.get", path="__main__.world.score")["value"]
    assert score >= 5000
    eventually(
        lambda: client.call("objects.get", path="__main__.world.score")["value"] > score, program
    )
    for path in ("__main__.os.system", "__main__.__builtins__", "__main__.pygame.init"):
        with pytest.raises(InvalidParams):
            client.call("objects.call", path=path)
    end(program, client)


def test_a_game_that_is_held_ends_when_its_window_is_closed(play: Play) -> None:
    program, client = play("-m", "pygame.examples.stars")
    plays(client, program)
    client.call("game.pause")
    program.process.send_signal(signal.SIGTERM)  # SDL makes a pygame.QUIT of it
    assert program.wait() == 0


def test_an_example_without_a_clock_has_frames_but_no_time_to_scale(play: Play) -> None:
    program, client = play("-m", "pygame.examples.testsprite", "-noupdate_rects")
    plays(client, program)
    held = client.call("game.pause")["frame"]
    assert client.call("game.step", frames=10)["frame"] == held + 10
    with pytest.raises(HandlerError, match="no clock"):
        client.call("game.timescale", scale=0.5)


# Games that tell what they see

GAME = """
import json, sys
import pygame
from pygame.time import Clock

pygame.display.init()
pygame.display.set_mode((64, 48))
clock: Clock = Clock()
ticks = pygame.time.get_ticks()
number = 0
while True:
    events = [event for event in pygame.event.get() if event.type >= pygame.USEREVENT
              or event.type in (pygame.QUIT, pygame.KEYDOWN)]
    before, ticks = ticks, pygame.time.get_ticks()
    print(json.dumps({
        "number": number, "ms": clock.get_time(), "ticks": ticks - before, "fps": clock.get_fps(),
        "events": [getattr(event, "name", event.type) for event in events],
    }))
    if any(event.type == pygame.QUIT for event in events):
        break
    number += 1
    pygame.display.flip()
    assert clock.tick(50) == clock.get_time()
"""


@pytest.fixture
def game(tmp_path: Path) -> Path:
    """A game that tells of each of its frames."""
    file = tmp_path / "teller.py"
    file.write_text(GAME)
    return file


def frames(program: Program) -> list[dict[str, Any]]:
    """What the game has told so far."""
    return [json.loads(line) for line in list(program.lines)]


def test_a_hold_is_in_no_time_that_the_game_sees(play: Play, game: Path) -> None:
    program, client = play(game)
    plays(client, program)
    client.call("game.pause")
    held_at = time.monotonic()
    client.call("game.step", frames=2)
    while time.monotonic() < held_at + 1.5:  # longer than any frame of a busy machine
        frame_of(client)
    client.call("game.resume")
    plays(client, program)
    end(program, client)
    told = frames(program)
    assert max(frame["ms"] for frame in told) < 1000
    assert max(frame["ticks"] for frame in told) < 1000
    assert [frame["number"] for frame in told] == list(range(len(told)))


def test_scaled_time_is_what_the_clock_tells(play: Play, game: Path) -> None:
    program, client = play(game)
    plays(client, program)
    client.call("game.timescale", scale=0.01)
    first = frame_of(client) + 2
    eventually(lambda: frame_of(client) > first + 40, program)
    client.call("game.pause")
    scaled = [frame["ms"] for frame in frames(program)][first + 1 : first + 38]
    assert max(scaled) <= 10  # less than a second a frame, however busy the machine is
    assert sum(scaled) >= 2  # of 20 ms a frame: fractions are carried over


def test_a_game_of_windows_has_frames_at_their_flips(play: Play, tmp_path: Path) -> None:
    file = tmp_path / "windows.py"
    file.write_text("""
import pygame

pygame.init()
window = pygame.Window("one")
window.get_surface()
while not pygame.event.peek(pygame.QUIT):
    window.flip()
    pygame.time.wait(5)
""")
    program, client = play(file)
    plays(client, program)
    held = client.call("game.pause")["frame"]
    assert client.call("game.step", frames=10)["frame"] == held + 10
    end(program, client)
    assert program.lines == []


# A script that is no game


def test_a_script_without_frames_answers_what_needs_no_frame(play: Play, tmp_path: Path) -> None:
    file = tmp_path / "training.py"
    file.write_text("import threading\nthreading.Event().wait(60)\n")
    program, client = play(file)
    assert client.call("process.info")["pid"] == program.process.pid
    with pytest.raises(GameStalled, match="shows no frames"):
        client.with_timeout(PATIENCE).call("game.pause")
    assert "shows no frames" in client.call("game.status")["advice"]
    program.interrupt()
    assert program.wait() == -signal.SIGINT
    assert "KeyboardInterrupt" in program.lines


# A game with a stage of its own


@pytest.mark.usefixtures("play")
def test_a_game_that_opens_a_door_has_that_one_alone(run: Run) -> None:
    program = run(
        "-m", "stagedoor", "run", EXAMPLES / "asteroids.py", "--headless", "--port", "0", **HEADLESS
    )
    url = program.wait_for(r"open at (\S+)$")[1]
    assert [(game.name, game.url) for game in running_games()] == [("asteroids", url)]
    with stagedoor.connect(url) as client:
        plays(client, program)
        assert client.call("spawn", kind="small", count=1) >= 1
        held = client.call("game.pause")["frame"]
        assert client.call("game.step", frames=10)["frame"] == held + 10
        client.call("game.timescale", scale=0.5)
        client.call("game.resume")
        plays(client, program)
        program.process.terminate()
    assert program.wait() == 0
