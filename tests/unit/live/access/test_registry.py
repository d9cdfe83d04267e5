"""The file by which a running game is found."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stagedoor.live.access.registry import Announcement
from stagedoor.wire.games import Game, decode_game
from stagedoor.wire.tokens import Tokens, decode_tokens

TOKENS = Tokens(viewer="v" * 43, operator="o" * 43, admin="a" * 43)


def game(port: int = 8787) -> Game:
    url = f"ws://127.0.0.1:{port}/"
    return Game(name="rocks", pid=os.getpid(), host="127.0.0.1", port=port, url=url, started=1.0)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_file_is_the_users_own_and_whole_and_goes_on_withdrawal(games_folder: Path) -> None:
    games_folder.rmdir()
    announcement = Announcement(game(), TOKENS)
    (file,) = games_folder.iterdir()
    assert file.name == f"{os.getpid()}-8787.json"
    assert decode_game(file.read_bytes()) == game()
    assert file.stat().st_mode & 0o777 == 0o600
    assert games_folder.stat().st_mode & 0o777 == 0o700
    tokens = games_folder.with_name("tokens") / file.name
    assert decode_tokens(tokens.read_bytes()).admin == TOKENS.admin
    assert tokens.stat().st_mode & 0o777 == 0o600
    assert tokens.parent.stat().st_mode & 0o777 == 0o700
    announcement.withdraw()
    assert list(games_folder.iterdir()) == []
    assert list(tokens.parent.iterdir()) == []
    announcement.withdraw()


def test_new_tokens_replace_the_old(games_folder: Path) -> None:
    announcement = Announcement(game(), TOKENS)
    new = Tokens(viewer="1", operator="2", admin="3")
    announcement.write_tokens(new)
    (file,) = games_folder.with_name("tokens").iterdir()
    assert decode_tokens(file.read_bytes()).viewer == "1"
    announcement.withdraw()
    assert not file.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_a_folder_that_others_may_read_is_closed_to_them(games_folder: Path) -> None:
    games_folder.chmod(0o755)
    announcement = Announcement(game(), TOKENS)
    assert games_folder.stat().st_mode & 0o777 == 0o700
    announcement.withdraw()


def test_two_stages_of_one_process_have_a_file_each(games_folder: Path) -> None:
    first, second = Announcement(game(1001), TOKENS), Announcement(game(1002), TOKENS)
    assert len(list(games_folder.iterdir())) == 2
    first.withdraw()
    (left,) = games_folder.iterdir()
    assert decode_game(left.read_bytes()).port == 1002
    second.withdraw()


def test_a_file_that_is_gone_already_is_no_error(games_folder: Path) -> None:
    announcement = Announcement(game(), TOKENS)
    next(games_folder.iterdir()).unlink()
    announcement.withdraw()


@pytest.mark.parametrize("folder", ["a file", "a file/below", "/proc/stagedoor"])
def test_a_folder_that_cannot_be_written_is_a_warning_and_the_game_goes_on(
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "a file").write_text("not a folder")
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(tmp_path / folder))
    announcement = Announcement(game(), TOKENS)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "rocks cannot be found by name" in record.getMessage()
    announcement.withdraw()


def test_the_file_goes_at_the_end_of_the_process_and_a_forked_child_leaves_it(
    games_folder: Path,
) -> None:
    source = """
import os, sys
from stagedoor.live.access.registry import Announcement
from stagedoor.wire.games import Game
from stagedoor.wire.tokens import Tokens, tokens_folder
tokens = Tokens(viewer="v", operator="o", admin="a")
game = Game(name="x", pid=os.getpid(), host="h", port=5, url="ws://h:5/", started=1.0)
Announcement(game, tokens)
if hasattr(os, "fork"):
    if os.fork() == 0:
        sys.exit(0)
    os.wait()
from stagedoor.wire.games import games_folder
print(len(list(games_folder().iterdir())), len(list(tokens_folder().iterdir())))
"""
    result = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=30, check=True
    )
    assert (result.stdout.strip(), result.stderr) == ("1 1", "")
    assert list(games_folder.iterdir()) == []
