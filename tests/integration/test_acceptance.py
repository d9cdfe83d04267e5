"""What a script can do with games that it did not write: it changes a value, moves what is on the
screen, presses, clicks and types, and sees in screenshots what has come of it.

Asteroids is the example, with a stage of its own. The others run unmodified under `stagedoor run`:
examples that come with pygame-ce, and a game from PyPI.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest
from conftest import Run
from program import EXAMPLES, PATIENCE, Program, need
from tests.prepare import GAMES

import stagedoor
from stagedoor.client.find.games import running_games
from stagedoor.client.sync.client import Client

HEADLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}

Area = tuple[int, int, int, int]
Play = Callable[..., Client]


@pytest.fixture
def play(run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Runs a game without a display; returns a client with the operator's token."""
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    clients: list[Client] = []

    def start(*arguments: str | Path, **more_env: str) -> Client:
        program = run(*arguments, **HEADLESS, **more_env)
        url = url_of(program)
        clients.append(stagedoor.connect(url, role="operator", reconnect=False, timeout=PATIENCE))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def url_of(program: Program) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (urls := [game.url for game in running_games() if game.pid == program.process.pid]):
        assert time.monotonic() < deadline
        assert program.process.poll() is None, program.lines
        time.sleep(0.01)
    return str(urls[0])


def hold(game: Client, selector: str) -> dict[str, Any]:
    """Pause the game once something fits, and return that."""
    game.scene.wait(selector=selector, seconds=PATIENCE)
    game.game.pause()
    return on_screen(game, selector)


def on_screen(game: Client, selector: str) -> dict[str, Any]:
    """The one thing that fits."""
    (node,) = game.scene.find(selector)["nodes"]
    return dict(node)


def get(game: Client, path: str) -> Any:
    return game.objects.get(path)["value"]


def type_in(game: Client, text: str) -> None:
    """Type into a game that is paused, and goes on for that."""
    game.game.resume()
    game.input.text(text)
    game.game.pause()
    game.game.step(frames=2)


def screenshot(game: Client) -> pygame.Surface:
    return pygame.image.load(io.BytesIO(base64.b64decode(game.screen.capture()["data"])))


def differ(one: pygame.Surface, other: pygame.Surface, area: Area | list[float]) -> bool:
    """Whether two screenshots show something else in an area."""
    assert one.get_size() == other.get_size()
    rect = pygame.Rect(area).clip(one.get_rect())
    assert rect.w > 0
    assert rect.h > 0
    return bool(
        pygame.image.tobytes(one.subsurface(rect), "RGB")
        != pygame.image.tobytes(other.subsurface(rect), "RGB")
    )


def test_asteroids(play: Play) -> None:
    game = play(EXAMPLES / "asteroids.py", "--headless", "--port", "0", "--seed", "1")
    game.scene.wait(selector="Rock", seconds=PATIENCE)
    game.game.pause()
    before = screenshot(game)

    # A value.
    ship = on_screen(game, "Ship")
    assert get(game, f"{ship['path']}.thrust") == 240.0
    game.objects.set(f"{ship['path']}.thrust", 400)
    assert game.status()["thrust"] == 400.0

    # A rock.
    rock = game.scene.find("Rock")["nodes"][0]
    game.objects.set(f"{rock['path']}.vel", [0, 0])
    game.objects.set(f"{rock['path']}.pos", [480, 90])
    there = game.scene.find("Rock")["nodes"][0]["rect"]
    assert (there[0] + there[2] / 2, there[1] + there[3] / 2) == (480, 90)
    game.game.step()
    assert differ(before, screenshot(game), there)

    # A name. Nothing else moves meanwhile: there are no rocks, and none come.
    game.restart()
    game.objects.set("world.waiting", 1000)
    game.game.step(frames=60)
    before = screenshot(game)
    place = on_screen(game, "#name")["rect"]
    type_in(game, "Ada 7")
    after = screenshot(game)
    assert on_screen(game, '#name"ADA7"')["rect"] == place
    assert differ(before, after, place)
    button = on_screen(game, '"NEW GAME"')
    assert not differ(before, after, button["rect"])

    # A button.
    game.game.resume()
    assert game.add_lives(5) > 3
    assert game.scene.click('"NEW GAME"')["node"] == button
    assert game.status()["lives"] <= 3


def test_chimp(play: Play) -> None:
    game = play("-m", "stagedoor", "run", "--port", "0", "-m", "pygame.examples.chimp")
    chimp = hold(game, "Chimp[rect.width>0]")
    assert chimp["path"].startswith('scene["Chimp#'), "it is a local of a function"
    game.game.step()
    before = screenshot(game)

    # It stands still, elsewhere.
    was = on_screen(game, "Chimp")["rect"]
    assert abs(get(game, f"{chimp['path']}.move")) == 18
    game.objects.set(f"{chimp['path']}.move", 0)
    left = 700 if was[0] < 500 else 100
    game.objects.set(f"{chimp['path']}.rect.left", left)
    game.game.step(frames=3)
    now = on_screen(game, "Chimp")
    assert (now["rect"][0], now["path"]) == (left, chimp["path"])
    after = screenshot(game)
    assert differ(before, after, was)
    assert differ(before, after, now["rect"])
    assert not differ(before, after, [0, 0, 1280, 60]), "the title is as it was"

    # It is hit: the fist is where the pointer was in the last frame.
    game.game.resume()
    game.input.move(left + 100, 250)
    assert game.scene.find("Chimp[original]")["nodes"] == []
    game.scene.click("Chimp")
    game.scene.wait(selector="Chimp[original]", seconds=PATIENCE)


def test_aliens(play: Play) -> None:
    game = play("-m", "stagedoor", "run", "--port", "0", "-m", "pygame.examples.aliens")
    player = hold(game, "Player[rect.width>0]")
    for odds in ("ALIEN_ODDS", "BOMB_ODDS"):
        game.objects.set(f"__main__.{odds}", 10**9)
    for alien in game.scene.find("Alien")["nodes"]:
        game.objects.set(f"{alien['path']}.facing", 0)
        game.objects.set(f"{alien['path']}.rect.top", 100)
    for bomb in game.scene.find("Bomb")["nodes"]:
        game.objects.set(f"{bomb['path']}.rect.topleft", [0, 200])
    game.game.step()
    before = screenshot(game)

    # A value of the module, which is shown.
    game.objects.set("__main__.SCORE", 1234)
    # What is on the screen.
    assert player["path"].startswith('scene["Player#')
    game.objects.set(f"{player['path']}.rect.left", 300)
    game.objects.set(f"{player['path']}.speed", 50)
    # A key.
    game.input.key(key="left", state="down")
    game.game.step(frames=2)
    game.input.release()
    assert on_screen(game, "Player")["rect"][0] == 200
    game.input.key(key="space", state="down")
    game.game.step(frames=2)
    shot = on_screen(game, "Shot")
    after = screenshot(game)
    for area in (player["rect"], on_screen(game, "Player")["rect"], shot["rect"]):
        assert differ(before, after, area)
    assert differ(before, after, on_screen(game, "Score")["rect"])
    assert not differ(before, after, [0, 0, 640, 80])


def test_textinput(play: Play) -> None:
    game = play("-m", "stagedoor", "run", "--port", "0", "-m", "pygame.examples.textinput")
    game.game.pause()
    game.game.step()
    line, list_of_lines = [50, 20, 40, 30], [0, 70, 640, 400]
    before = screenshot(game)
    type_in(game, "Ada Lovelace")
    typed = screenshot(game)
    assert differ(before, typed, line)
    assert not differ(before, typed, list_of_lines)
    type_in(game, "\n")
    sent = screenshot(game)
    assert differ(typed, sent, list_of_lines)
    assert not differ(before, sent, line)


def test_a_game_from_pypi(play: Play) -> None:
    need((GAMES / "pybreakout").is_dir(), "pybreakout, which python -m tests.prepare installs,")
    game = play(
        *("-m", "stagedoor", "run", "--port", "0", "-m", "pybreakout.game"), PYTHONPATH=str(GAMES)
    )
    game.scene.wait(selector="SplashScreen", seconds=PATIENCE)
    title = screenshot(game)

    # A key begins the game.
    game.game.pause()
    game.input.key(key="space", state="down")
    game.game.step(frames=2)
    game.input.release()
    ball = on_screen(game, "Ball")
    paddle, status = on_screen(game, "Paddle"), on_screen(game, "Status")
    assert {node["path"][:6] for node in (ball, paddle, status)} == {"scene["}
    assert differ(title, screenshot(game), paddle["rect"])

    # Values, of the ball and of the game that has it.
    game.objects.set(f"{ball['path']}.velocity", [0, -3])
    game.objects.set(f"{ball['path']}.game.score", 995)
    game.objects.set(f"{status['path']}.score", 777)
    game.game.step()
    at = on_screen(game, "Ball")["rect"]
    before = screenshot(game)
    game.game.step(frames=5)
    assert on_screen(game, "Ball")["rect"][:2] == [at[0], at[1] - 15]

    # The paddle is moved, and moves by keys.
    game.objects.set(f"{paddle['path']}.rect.left", 50)
    game.objects.set(f"{paddle['path']}.velocity", 20)
    game.input.key(key="right", state="down")
    game.game.step(frames=2)
    game.input.release()
    moved = on_screen(game, "Paddle")
    assert (moved["rect"][0], moved["path"]) == (90, paddle["path"])
    after = screenshot(game)
    for area in (at, paddle["rect"], moved["rect"]):
        assert differ(before, after, area)
