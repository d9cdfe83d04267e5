"""The screen of games that run: pictures by a real client, of `stagedoor run` and of a game with a
stage of its own."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pygame
import pytest
from conftest import Run
from program import EXAMPLES, PATIENCE, Program
from websockets.sync.client import connect as websocket

import stagedoor
from stagedoor.client.errors import ConnectionLostError
from stagedoor.client.find.addresses import read_tokens
from stagedoor.client.find.games import running_games
from stagedoor.client.sync.client import Client
from stagedoor.wire.errors import HandlerError, InvalidParams

HEADLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}

COLOURS = """
import pygame
{start}
pygame.display.init()
screen = pygame.display.set_mode((640, 360))
clock = pygame.time.Clock()
number = 0
while not pygame.event.peek(pygame.QUIT):
    screen.fill((10, 200, 30))
    screen.fill((250, 0, 0), (number % 320, 0, 320, 180))
    number += 1
    pygame.display.flip()
    {tick}
"""
PLAIN = COLOURS.format(start="", tick="clock.tick(60)")
STAGED = COLOURS.format(
    start="import stagedoor; stage = stagedoor.start('colours', port=0)",
    tick="stage.tick(clock.tick(60) / 1000)",
)

RENDERER = """
import pygame
from pygame._sdl2.video import Renderer
pygame.init()
window = pygame.Window("drawn", (320, 200))
renderer = Renderer(window)
clock = pygame.time.Clock()
while not pygame.event.peek(pygame.QUIT):
    renderer.draw_color = (10, 200, 30)
    renderer.clear()
    renderer.present()
    clock.tick(60)
"""

OPENGL = """
import ctypes, sys
import pygame
try:
    gl = ctypes.CDLL("libGL.so.1")
    pygame.display.set_mode((64, 48), pygame.OPENGL | pygame.DOUBLEBUF)
except (OSError, pygame.error) as error:
    sys.exit(f"no OpenGL: {error}")
clock = pygame.time.Clock()
while not pygame.event.peek(pygame.QUIT):
    gl.glDisable(0x0C11)
    gl.glClearColor(*map(ctypes.c_float, (0.0, 0.2, 1.0, 1.0)))
    gl.glClear(0x4000)
    gl.glEnable(0x0C11)
    gl.glScissor(0, 24, 64, 24)  # the upper half: the origin is below
    gl.glClearColor(*map(ctypes.c_float, (1.0, 0.2, 0.0, 1.0)))
    gl.glClear(0x4000)
    assert gl.glGetError() == 0
    pygame.display.flip()
    clock.tick(60)
"""

SILENT = """
import pygame, stagedoor
stage = stagedoor.start('silent', port=0)
pygame.display.init()
screen = pygame.display.set_mode((64, 48)) if {window} else None
while True:
    pygame.event.get()
    stage.tick(pygame.time.wait(5) / 1000)
"""

Play = Callable[..., tuple[Program, Client]]


@pytest.fixture
def play(
    run: Run, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Play]:
    """Runs a game without a display; returns its process, and a client with the viewer's token."""
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    clients: list[Client] = []

    def start(*arguments: str | Path, source: str = "", role: Any = "admin") -> Any:
        if source:
            file = tmp_path / "game.py"
            file.write_text(source)
            arguments = (file,)
        has_stage = "stagedoor.start" in source or EXAMPLES in Path(arguments[0]).parents
        command = () if has_stage else ("-m", "stagedoor", "run", "--port", "0")
        program = run(*command, *arguments, STAGEDOOR="1", **HEADLESS)
        clients.append(stagedoor.connect(url_of(program), role=role, reconnect=False))
        return program, clients[-1]

    yield start
    for client in clients:
        client.close()


def url_of(program: Program) -> str:
    deadline = time.monotonic() + PATIENCE
    while True:
        for game in running_games():
            if game.pid == program.process.pid:
                return str(game.url)
        assert time.monotonic() < deadline, program.lines
        assert program.process.poll() is None, program.lines
        time.sleep(0.01)


def capture(client: Client, **params: Any) -> Any:
    """A capture, once the game shows something."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return client.call("screen.capture", **params)
        except HandlerError as error:
            if error.exception_type != "NoPicture" or time.monotonic() > deadline:
                raise


def decoded(data: bytes) -> pygame.Surface:
    return pygame.image.load(io.BytesIO(data))


def picture_of(taken: dict[str, Any]) -> pygame.Surface:
    surface = decoded(base64.b64decode(taken["data"]))
    assert surface.get_size() == (taken["width"], taken["height"])
    return surface


@pytest.mark.parametrize("source", [PLAIN, STAGED], ids=["run", "its own stage"])
def test_a_picture_is_what_the_game_shows(play: Play, source: str) -> None:
    _, client = play(source=source, role="viewer")
    surface = picture_of(capture(client))
    assert surface.get_size() == (640, 360)
    assert tuple(surface.get_at((639, 359)))[:3] == (10, 200, 30)
    assert tuple(surface.get_at((319, 0)))[:3] == (250, 0, 0)
    part = picture_of(client.call("screen.capture", rectangle=[600, 300, 100, 100]))
    assert part.get_size() == (40, 60)
    small = picture_of(client.call("screen.capture", format="jpeg", width=64))
    assert small.get_size() == (64, 36)
    red, green, blue, _ = small.get_at((60, 30))
    assert (abs(red - 10) < 12, abs(green - 200) < 12, abs(blue - 30) < 12) == (True,) * 3


def test_a_frame_is_the_one_that_was_asked_for(play: Play) -> None:
    _, client = play(source=PLAIN)
    capture(client)
    frame = client.call("game.pause")["frame"]
    first = client.call("screen.capture")
    assert first["frame"] == frame
    assert client.call("screen.capture")["data"] == first["data"], "it is paused"
    client.call("game.step", frames=1)
    second = client.call("screen.capture")
    assert second["frame"] == frame + 1
    assert second["data"] != first["data"]


@pytest.mark.parametrize("name", ["stars", "aliens"])
def test_examples_of_pygame_have_pictures(play: Play, name: str) -> None:
    _, client = play("-m", f"pygame.examples.{name}")
    surface = picture_of(capture(client))
    data = pygame.image.tobytes(surface, "RGB")
    assert len({data[at : at + 3] for at in range(0, len(data), 3)}) > 1


def test_a_renderer_has_pictures_though_they_are_kept_nowhere(play: Play) -> None:
    _, client = play(source=RENDERER)
    surface = picture_of(capture(client))
    assert surface.get_size() == (320, 200)
    assert tuple(surface.get_at((160, 100)))[:3] == (10, 200, 30)
    client.call("game.pause")
    answers: list[Any] = []
    with stagedoor.connect(client.url, reconnect=False) as other:
        thread = threading.Thread(target=lambda: answers.append(other.call("screen.capture")))
        thread.start()
        while thread.is_alive():  # it waits for so long, and no longer
            client.call("game.step")
        thread.join()
    assert picture_of(answers[0]).get_size() == (320, 200)


def test_what_opengl_has_drawn_is_read_before_it_is_shown(
    run: Run, play: Play, tmp_path: Path
) -> None:
    file = tmp_path / "opengl.py"
    file.write_text(OPENGL)
    program = run("-m", "stagedoor", "run", "--port", "0", file, SDL_VIDEODRIVER="offscreen")
    deadline = time.monotonic() + PATIENCE
    while not any(game.pid == program.process.pid for game in running_games()):
        if program.process.poll() is not None:
            pytest.skip(str(program.lines[-1:]))
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        with stagedoor.connect(url_of(program), reconnect=False) as client:
            for _ in range(3):
                surface = picture_of(capture(client))
                assert tuple(surface.get_at((5, 5)))[:3] == (255, 51, 0)
                assert tuple(surface.get_at((5, 40)))[:3] == (0, 51, 255)
    except ConnectionLostError:
        pytest.skip(str(program.lines[-1:]))


@pytest.mark.parametrize(
    ("window", "told"), [("False", "no window yet"), ("True", "has shown nothing yet")]
)
def test_before_the_first_picture_the_error_says_so(play: Play, window: str, told: str) -> None:
    _, client = play(source=SILENT.format(window=window), role="viewer")
    deadline = time.monotonic() + PATIENCE
    while client.call("screen.window") is None and window == "True":
        assert time.monotonic() < deadline
    while client.call("game.status")["engine"] is None:
        assert time.monotonic() < deadline
    with pytest.raises(HandlerError, match=told):
        client.call("screen.capture")


def test_a_rectangle_beside_the_picture_is_an_error(play: Play) -> None:
    _, client = play(source=PLAIN)
    capture(client)
    with pytest.raises(InvalidParams, match="which is 640 x 360"):
        client.call("screen.capture", rectangle=[640, 0, 1, 1])


# The stream


def test_a_stream_has_pictures_of_new_frames_and_goes_on_while_the_game_is_paused(
    play: Play,
) -> None:
    _, client = play(source=PLAIN)
    capture(client)
    with client.subscribe("screen", hz=30, filter={"width": 160}) as pictures:
        first, second = pictures.get(PATIENCE), pictures.get(PATIENCE)
        assert second.frame > first.frame
        value = first.value
        assert (value["format"], value["width"], value["height"]) == ("jpeg", 160, 90)
        assert decoded(value["data"]).get_size() == (160, 90)
        held = client.call("game.pause")["frame"]
        frames = [pictures.get(PATIENCE).frame for _ in range(20)]
        assert frames[-3:] == [held] * 3


def test_an_asyncio_client_gets_it_too(play: Play) -> None:
    program, client = play(source=PLAIN)
    capture(client)

    async def watch() -> list[Any]:
        game = await stagedoor.connect_async(url_of(program), reconnect=False)
        async with game, game.subscribe("screen", hz=60, filter={"format": "png"}) as pictures:
            return [await pictures.get(PATIENCE) for _ in range(3)]

    samples = asyncio.run(watch())
    assert [sample.sequence for sample in samples] == [1, 2, 3]
    assert decoded(samples[-1].value["data"]).get_size() == (640, 360)


def test_a_reader_that_is_slow_gets_new_pictures_and_costs_others_nothing(play: Play) -> None:
    """The slow one reads a message now and then, and its socket could hold hundreds of them."""
    program, client = play(source=PLAIN)
    capture(client)
    game = next(game for game in running_games() if game.pid == program.process.pid)
    tokens = read_tokens(game)
    assert tokens is not None
    headers = {"Authorization": f"Bearer {tokens.viewer}"}
    with websocket(
        client.url, additional_headers=headers, max_queue=1, compression=None, proxy=None
    ) as slow:
        slow.send(
            '{"jsonrpc": "2.0", "id": 1, "method": "topic.subscribe",'
            ' "params": {"topic": "screen", "hz": 60, "filter": {"quality": 90}}}'
        )
        assert '"subscription"' in str(slow.recv(PATIENCE))
        with client.subscribe("screen", hz=60, filter={"quality": 90}) as pictures:
            for _ in range(60):
                pictures.get(PATIENCE)
        now = client.call("game.status")["frame"]
        read = 0
        while True:
            message = slow.recv(PATIENCE)
            read += 1
            if isinstance(message, bytes):
                frame = frame_in(message)
                if frame >= now:
                    break
            assert read < 20, "what is old must not be sent"


def frame_in(message: bytes) -> int:
    end = 4 + int.from_bytes(message[:4], "little")
    return int(json.loads(message[4:end])["params"]["frame"])


# The command


def test_the_verb_writes_the_file(play: Play, env: dict[str, str], tmp_path: Path) -> None:
    program, client = play(EXAMPLES / "asteroids.py", "--port", "0")
    capture(client)
    file = tmp_path / "shot.png"
    command = [sys.executable, "-m", "stagedoor", "shot", str(file), "--width", "400"]
    done = subprocess.run(
        [*command, "--to", str(program.process.pid)],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert pygame.image.load(file).get_width() == 400
