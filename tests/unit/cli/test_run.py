"""`stagedoor run`: who decides, what the door is called, and what reaches the game."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import stagedoor
from stagedoor.cli import main

SOURCE = Path(stagedoor.__file__).parents[1]
GAME = """
import json, os, subprocess, sys
import stagedoor
from stagedoor.client.find.games import running_games

child = [sys.executable, "-c", "import os; print(os.environ['STAGEDOOR'])"]
print(json.dumps({
    "games": [[game.name, game.port, game.pid == os.getpid()] for game in running_games()],
    "STAGEDOOR": os.environ.get("STAGEDOOR"),
    "of a child": subprocess.check_output(child, text=True).strip(),
    "argv": sys.argv[1:],
    "enabled": hasattr(stagedoor, "Stage"),
    "heavy": sorted({"rich", "websockets", "tomlkit", "prompt_toolkit"} & before),
}))
"""
GAME = "import sys\nbefore = set(sys.modules)\n" + GAME


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the game is."""
    (tmp_path / "my game.py").write_text(GAME)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    (tmp_path / "pack" / "__main__.py").write_text(GAME)
    (tmp_path / "pack" / "level.py").write_text(GAME)
    return tmp_path


def run(*arguments: str, folder: Path, **more: str) -> Any:
    """What the game tells."""
    env = {name: value for name, value in os.environ.items() if name != "STAGEDOOR"} | more
    done = subprocess.run(
        [sys.executable, "-m", "stagedoor", "run", *arguments],
        env=env | {"STAGEDOOR_RUNTIME_DIR": str(folder / "runtime"), "PYTHONPATH": str(SOURCE)},
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_game_is_enabled_with_what_it_starts_and_found_by_its_name(folder: Path) -> None:
    told = run("--port", "0", "my game.py", folder=folder)
    [[name, port, is_it]] = told["games"]
    assert (name, is_it, told["enabled"]) == ("my game", True, True)
    assert port > 0
    assert (told["STAGEDOOR"], told["of a child"]) == ("1", "1")


LOGS = """
import logging, sys
sys.stderr.write("the game's\\n")
for level in (logging.INFO, logging.WARNING, logging.ERROR):
    logging.getLogger("stagedoor").log(level, "of ours")
"""


@pytest.mark.parametrize(
    ("arguments", "before", "lines"),
    [
        ([], "", 0),
        ([], "import logging; logging.basicConfig(level=1)", 0),
        (["--verbose"], "", 3),
    ],
)
def test_nothing_is_printed_into_the_game_unless_asked_for(
    tmp_path: Path, arguments: list[str], before: str, lines: int
) -> None:
    (tmp_path / "game.py").write_text(before + LOGS)
    done = subprocess.run(
        [sys.executable, "-m", "stagedoor", "run", "--port", "0", *arguments, "game.py"],
        env=os.environ | {"STAGEDOOR_RUNTIME_DIR": str(tmp_path / "runtime"),
                          "PYTHONPATH": str(SOURCE)},
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    told = done.stderr.splitlines()
    assert told.count("of ours") == lines
    assert "the game's" in told
    assert lines or told == ["the game's"]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["./my game.py"], "my game"),
        (["pack"], "pack"),
        (["pack/"], "pack"),
        (["-m", "pack"], "pack"),
        (["-m", "pack.__main__"], "pack"),
        (["-m", "pack.level"], "level"),
        (["--name", "mine", "-m", "pack"], "mine"),
    ],
)
def test_a_game_is_called_what_its_user_calls_it(
    arguments: list[str], name: str, folder: Path
) -> None:
    assert run("--port", "0", *arguments, folder=folder)["games"][0][0] == name


def test_what_follows_the_game_is_the_games(folder: Path) -> None:
    rest = ["--port", "x", "-m", "--", "--help", "name=1", "-h"]
    for game in (["my game.py"], ["-m", "pack"]):
        assert run("--port", "0", *game, *rest, folder=folder)["argv"] == rest


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_cannot_be_one_is_wrong_usage(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", f"--port={port}", "game.py"]) == 2
    assert "--port: " in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "false", " Off "])
def test_who_disables_it_in_the_environment_wins(value: str, folder: Path) -> None:
    told = run("--port", "0", "my game.py", folder=folder, STAGEDOOR=value)
    assert (told["games"], told["enabled"]) == ([], False)
    assert told["STAGEDOOR"] == value


def test_it_brings_in_little_before_the_game_starts(folder: Path) -> None:
    assert run("--port", "0", "my game.py", folder=folder)["heavy"] == []
