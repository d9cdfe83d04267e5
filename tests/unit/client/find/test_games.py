"""Finding running games: `stagedoor.client.find.games`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stagedoor.client.errors import NoGameError, SeveralGamesError
from stagedoor.client.find.games import find_game, running_games
from stagedoor.processes import birth_of
from stagedoor.wire.games import Game
from stagedoor.wire.tokens import Tokens

from ...fake_game import register, register_tokens

HERE = os.getpid()


def a_game(name: str, pid: int = HERE, port: int = 8787) -> Game:
    return Game(name, pid, "127.0.0.1", port, f"ws://127.0.0.1:{port}/", 1.0)


@pytest.fixture
def other_process() -> Iterator[int]:
    """The id of another process that lives."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def gone_process() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_running_games_are_listed_by_name(games_folder: Path, other_process: int) -> None:
    register(games_folder, a_game("b"))
    register(games_folder, a_game("a", other_process))
    register(games_folder, a_game("b", port=8788))
    assert [(game.name, game.port) for game in running_games()] == [
        ("a", 8787), ("b", 8787), ("b", 8788),
    ]  # fmt: skip


def test_what_a_dead_process_left_behind_is_removed(games_folder: Path, gone_process: int) -> None:
    stale = register(games_folder, a_game("gone", gone_process))
    tokens = register_tokens(games_folder, a_game("gone", gone_process), Tokens("a", "b", "c"))
    alive = register(games_folder, a_game("here"))
    assert [game.name for game in running_games()] == ["here"]
    assert not stale.exists()
    assert not tokens.exists()
    assert alive.exists()


def test_a_file_whose_process_id_another_process_has_now_is_removed(
    games_folder: Path, other_process: int
) -> None:
    born = birth_of(other_process)
    if born is None:
        pytest.skip("this system does not tell when a process began")
    alive = register(games_folder, msgspec.structs.replace(a_game("a", other_process), born=born))
    reused = a_game("b", other_process, 8788)
    gone = register(games_folder, msgspec.structs.replace(reused, born=born - 1))
    assert [game.name for game in running_games()] == ["a"]
    assert alive.exists()
    assert not gone.exists()


def test_files_that_are_no_game_are_passed_over_and_kept(games_folder: Path) -> None:
    (games_folder / "broken.json").write_bytes(b"{")
    (games_folder / "long.json").write_bytes(b" " * 100_000)
    (games_folder / "folder.json").mkdir()
    (games_folder / "note.txt").write_text("x")
    register(games_folder, a_game("here"))
    assert [game.name for game in running_games()] == ["here"]
    assert len(list(games_folder.iterdir())) == 5


def test_without_a_folder_no_game_is_running(games_folder: Path) -> None:
    games_folder.rmdir()
    assert running_games() == []
    with pytest.raises(NoGameError, match="no game is running"):
        find_game()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_a_folder_that_others_can_write_to_is_not_believed(games_folder: Path) -> None:
    register(games_folder, a_game("planted"))
    games_folder.chmod(0o777)
    assert running_games() == []


def test_a_game_is_found_by_name_pid_or_nothing(games_folder: Path, other_process: int) -> None:
    one = a_game("asteroids")
    register(games_folder, one)
    assert find_game() == one
    two = a_game("pong", other_process, 8788)
    register(games_folder, two)
    assert find_game("pong") == two
    assert find_game(other_process) == two
    assert find_game(str(HERE)) == one
    assert find_game("asteroids") == one


def test_errors_name_what_was_found(games_folder: Path) -> None:
    register(games_folder, a_game("asteroids"))
    register(games_folder, a_game("asteroids", port=8788))
    with pytest.raises(
        SeveralGamesError, match=rf"2 games .* asteroids \({HERE}, ws://"
    ) as several:
        find_game("asteroids")
    assert len(several.value.found) == 2
    assert several.value.example.startswith("ws://")  # one process has both
    with pytest.raises(SeveralGamesError):
        find_game()
    with pytest.raises(NoGameError, match=r"called pong is not running; running: asteroids \("):
        find_game("pong")
    with pytest.raises(NoGameError, match="did you mean asteroids"):
        find_game("asteroid")
    with pytest.raises(NoGameError, match="a game 99 is not running; running: asteroids"):
        find_game(99)
