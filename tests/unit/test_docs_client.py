"""docs/client.md: every snippet runs, in order, with a game called asteroids.

Python shares one namespace; `$` lines run in a shell, and what is shown below one must be printed
by it; `asteroids>` lines are what a person types into the one above them.
"""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

import stagedoor
from stagedoor.wire.games import Game

from .fake_game import register, running
from .fake_stage import FakeStage

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
SOURCE = Path(stagedoor.__file__).parents[1]
SNIPPET = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROMPT = "asteroids> "


@pytest.fixture
def _asteroids(games_folder: Path) -> Iterator[None]:
    """The game, with values that change all the time."""
    stage = FakeStage()
    stage.past = [1, 2, 3]
    stage.methods["screen.capture"] = lambda format, width: {
        "frame": 42, "format": format, "width": width, "height": width, "data": "iVBORw0KGgo=",
    }  # fmt: skip
    stage.methods["input.key"] = lambda key, frames: {"from": 42, "until": 42 + frames}
    ends = threading.Event()

    def play() -> None:
        number = 0
        while not ends.wait(0.01):
            number += 1
            # Nobody is there, or has just left, or is only just coming.
            with contextlib.suppress(AssertionError, ConnectionClosed, KeyError):
                for topic in ("rocks", "fps"):
                    stage.publish(topic, number)

    with running(stage) as game:
        register(
            games_folder, Game("asteroids", os.getpid(), "127.0.0.1", game.port, game.url, 1.0)
        )
        player = threading.Thread(target=play)
        player.start()
        yield
        ends.set()
        player.join()


def commands(text: str) -> Iterator[tuple[str, str, str]]:
    """Each command line, what is typed into it, and what it must print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, *rest = part.splitlines()
        typed = [one.removeprefix(PROMPT) for one in rest if one.startswith(PROMPT)]
        shown = [one for one in rest if not one.startswith(PROMPT)]
        yield line, "".join(f"{one}\n" for one in typed), "\n".join(shown)


def run_in_shell(line: str, typed: str, folder: Path) -> str:
    """What a command line prints; it must succeed."""
    python = f'stagedoor() {{ {shlex.quote(sys.executable)} -m stagedoor "$@"; }}'
    done = subprocess.run(
        ["sh", "-c", f"{python}\n{line}"],
        input=typed, cwd=folder, env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), line
    return done.stdout


@pytest.mark.usefixtures("_asteroids")
@pytest.mark.skipif(sys.platform == "win32", reason="the snippets are for a POSIX shell")
def test_every_snippet_runs(tmp_path: Path) -> None:
    snippets = SNIPPET.findall(PAGE.read_text())
    assert len(snippets) == PAGE.read_text().count("```") / 2 > 10
    namespace: dict[str, object] = {"__name__": "snippets"}
    for language, text in snippets:
        if language == "python":
            exec(compile(text, f"{PAGE.name}: {text[:30]!r}", "exec"), namespace)
            continue
        assert language == "console", language
        for line, typed, shown in commands(text):
            printed = run_in_shell(line, typed, tmp_path)
            for expected in filter(None, shown.splitlines()):
                assert expected in printed.splitlines(), line
            if "head -n 3" in line:
                assert len(printed.splitlines()) == 3
    assert "class Asteroids(Connection):" in (tmp_path / "game_api.pyi").read_text()
    game = namespace["game"]
    assert hasattr(game, "close")
    game.close()


def test_the_page_names_every_option_of_connect_and_every_error() -> None:
    import inspect

    from stagedoor.client import errors

    text = PAGE.read_text()
    signature = str(inspect.signature(stagedoor.connect)).partition(" ->")[0]
    plain = re.sub(r": .*?(?= = )", "", signature).replace(" = ", "=").replace("'", '"')
    assert f"connect{plain}" in text
    kinds = [name for name, kind in vars(errors).items()
             if isinstance(kind, type) and issubclass(kind, errors.ClientError)]  # fmt: skip
    assert [name for name in kinds if f"`{name}`" not in text] == []
