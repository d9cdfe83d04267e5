"""What is on the screen of games as processes of their own: found, waited for, clicked."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Run
from program import EXAMPLES, PATIENCE, Program

import stagedoor
from stagedoor.client.find.games import running_games
from stagedoor.client.sync.client import Client
from stagedoor.wire.errors import Forbidden, HandlerError, InvalidParams

HEADLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "STAGEDOOR": "1"}
CROWD = """
import pygame, stagedoor
pygame.init()
pygame.display.set_mode((640, 480))
stage = stagedoor.start("crowd", port=0)

class Rock(pygame.sprite.Sprite):
    def __init__(self, number):
        super().__init__(rocks)
        self.number = number
        self.rect = pygame.Rect(number % 640, 0, 2, 2)

rocks = pygame.sprite.Group()
for number in range(100_000):
    Rock(number)
clock = pygame.time.Clock()
print("ready", stage.url, flush=True)
while True:
    pygame.event.pump()
    stage.tick(clock.tick(60) / 1000)
    for rock in list(rocks)[:20]:
        rock.kill()
        Rock(100_000 + rock.number)
"""

MENU = """
import pygame, pygame_gui
pygame.init()
window = pygame.display.set_mode((640, 480))
manager = pygame_gui.UIManager((640, 480), enable_live_theme_updates=False)
window_rect = pygame.Rect(50, 50, 400, 300)
menu = pygame_gui.elements.UIWindow(window_rect, manager, "Menu", object_id="#menu")
start = pygame_gui.elements.UIButton(
    pygame.Rect(20, 20, 100, 30), "New game", manager, container=menu, object_id="#start"
)
clock = pygame.time.Clock()
while True:
    dt = clock.tick(60) / 1000
    for event in pygame.event.get():
        manager.process_events(event)
        if event.type == pygame_gui.UI_BUTTON_PRESSED and event.ui_element is start:
            start.set_text("Go on")
            start.disable()
    manager.update(dt)
    manager.draw_ui(window)
    pygame.display.flip()
"""

Play = Callable[..., tuple[Program, Client]]


@pytest.fixture
def play(run: Run, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Runs a game without a display; returns its process, and a client with the admin's token."""
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    clients: list[Client] = []

    def start(*arguments: str | Path) -> tuple[Program, Client]:
        program = run(*arguments, **HEADLESS)
        deadline = time.monotonic() + PATIENCE
        while not (urls := [g.url for g in running_games() if g.pid == program.process.pid]):
            assert time.monotonic() < deadline
            assert program.process.poll() is None, program.lines
            time.sleep(0.01)
        clients.append(stagedoor.connect(urls[0], reconnect=False, timeout=PATIENCE))
        return program, clients[-1]

    yield start
    for client in clients:
        client.close()


def test_a_button_of_asteroids_is_found_and_clicked(play: Play) -> None:
    _, game = play(EXAMPLES / "asteroids.py", "--headless", "--port", "0", "--seed", "1")
    game.scene.wait(selector="Rock", seconds=PATIENCE)
    rocks = game.scene.find("#rock[radius>20]:shown")["nodes"]
    assert {node["type"] for node in rocks} == {"asteroids_world.Rock"}
    (ship,) = game.scene.find("Ship")["nodes"]
    assert ship["path"] == "world.ship"
    assert game.call("objects.get", "world.ship")["type"] == ship["type"]
    assert {node["name"] for node in game.scene.find("Body")["nodes"]} == {"ship", "rock"}
    game.call("game.pause")
    rock = game.scene.find("Rock")["nodes"][0]
    left = game.call("objects.get", f"{rock['path']}.pos.x")["value"]
    assert rock["rect"][0] == pytest.approx(left - rock["rect"][2] / 2)
    game.call("objects.set", f"{rock['path']}.pos.x", 400)
    assert game.scene.find("Rock")["nodes"][0]["rect"][0] == 400 - rock["rect"][2] / 2
    game.call("game.resume")
    assert game.call("add_lives", 5) >= 6
    clicked = game.scene.click('"NEW GAME"')
    assert clicked["node"]["tags"] == ["button"]
    assert game.call("status")["lives"] <= 3
    with pytest.raises(InvalidParams, match="expected"):
        game.scene.find("Rock[")
    with pytest.raises(HandlerError, match="nothing on the screen fits"):
        game.scene.click("#options")


def test_the_command_line_finds_and_clicks(play: Play, env: dict[str, str]) -> None:
    program, game = play(EXAMPLES / "asteroids.py", "--headless", "--port", "0", "--seed", "1")
    url = program.wait_for(r"open at (\S+)$")[1]

    def stagedoor(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "stagedoor", *arguments, "--to", url]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE)

    assert stagedoor("find", "Rock", "--wait", "30").returncode == 0
    assert stagedoor("find", '"NEW GAME"').stdout.count("\n") == 1
    assert game.call("add_lives", 5) >= 6
    assert stagedoor("click", '"NEW GAME"').returncode == 0
    assert game.call("status")["lives"] <= 3
    wrong = stagedoor("find", "Rock[kind==big]")
    assert wrong.returncode == 1
    assert wrong.stderr.splitlines()[2].index("^") == len("    Rock[kind==")


def test_the_sprites_of_a_game_that_knows_nothing_of_stagedoor_are_found(play: Play) -> None:
    _, game = play("-m", "stagedoor", "run", "--port", "0", "-m", "pygame.examples.chimp")
    (chimp,) = game.scene.wait(selector="Chimp[rect.width>0]", seconds=PATIENCE)["nodes"]
    assert chimp["type"] == "__main__.Chimp"
    assert game.scene.find("Fist")["nodes"][0]["rect"][2] > 0
    held = game.call("game.pause")["frame"]
    before = game.scene.tree()
    assert before["frame"] == held, "a paused game answers"
    game.call("game.step", frames=5)
    rects = [found["rect"] for found in before["nodes"] if found["type"] == "__main__.Chimp"]
    assert [node["rect"] for node in game.scene.find("Chimp")["nodes"]] != rects


def test_a_button_of_pygame_gui_is_found_in_its_window_and_clicked(
    play: Play, tmp_path: Path
) -> None:
    file = tmp_path / "menu.py"
    file.write_text(MENU)
    _, game = play("-m", "stagedoor", "run", "--port", "0", file)
    (start,) = game.scene.wait(selector='UIWindow#menu "New game"', seconds=PATIENCE)["nodes"]
    assert start["name"] == "start"
    clicked = game.scene.click('UIWindow#menu "New game"')
    assert clicked["node"]["rect"] == start["rect"]
    game.scene.wait(selector='#start"Go on":disabled', seconds=PATIENCE)
    with pytest.raises(HandlerError, match="disabled"):
        game.scene.click('"Go on"')


def test_a_crowd_is_gone_through_in_many_frames_while_it_changes(
    play: Play, tmp_path: Path
) -> None:
    file = tmp_path / "crowd.py"
    file.write_text(CROWD)
    _, game = play(file)
    found = game.scene.find(selector="Rock[number==99999]", paths=False)
    assert len(found["nodes"]) == 1
    assert found["frame"] - found["began"] > 10, "it is spread over frames"
    assert game.scene.find(selector="Rock", paths=False)["more"] is True
    with stagedoor.connect(game.url, role="viewer") as viewer, pytest.raises(Forbidden):
        viewer.scene.click("Rock[number==99999]")
