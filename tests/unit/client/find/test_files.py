"""Reading what games wrote: `stagedoor.client.find.files`."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stagedoor.client.find.files import MAX_FILE, read_own
from stagedoor.client.find.games import running_games
from stagedoor.wire.games import Game

from ...fake_game import register

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def unix_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def of_another_user(path: Path) -> None:
    path.write_text("{}")
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 4242, 4242)


def for_all_to_write(path: Path) -> None:
    path.write_text("{}")
    path.chmod(0o666)


def link(path: Path) -> None:
    (path.parent / "target").write_text("{}")
    path.symlink_to(path.parent / "target")


NO_FILES: list[Callable[[Path], object]] = [
    os.mkfifo, Path.mkdir, unix_socket, huge, of_another_user, for_all_to_write, link,
    lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to(path),
    lambda path: None,
]  # fmt: skip


@pytest.mark.parametrize("make", NO_FILES)
def test_what_is_no_file_of_the_users_is_not_read_and_hides_no_game(
    make: Callable[[Path], object], games_folder: Path
) -> None:
    here = Game("here", os.getpid(), "127.0.0.1", 8787, "ws://127.0.0.1:8787/", 1.0)
    file = games_folder / "1-1.json"
    make(file)
    assert read_own(file) is None
    register(games_folder, here)
    before = len(os.listdir("/dev/fd")), set(games_folder.iterdir())
    assert running_games() == [here]
    assert (len(os.listdir("/dev/fd")), set(games_folder.iterdir())) == before


def test_a_secret_is_not_read_if_others_could(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"x")
    file.chmod(0o644)
    assert read_own(file) == b"x"
    assert read_own(file, is_secret=True) is None
    file.chmod(0o600)
    assert read_own(file, is_secret=True) == b"x"


def test_a_file_may_be_so_long_and_no_longer(tmp_path: Path) -> None:
    file = tmp_path / "long"
    file.write_bytes(b"x" * MAX_FILE)
    assert read_own(file) == b"x" * MAX_FILE
    file.write_bytes(b"x" * (MAX_FILE + 1))
    assert read_own(file) is None
