"""`Announcement`: the files in the user's runtime folder by which clients find running games."""

from __future__ import annotations

import atexit
import contextlib
import errno
import logging
import os
import stat
import sys
import tempfile
from pathlib import Path

from stagedoor.wire.games import Game, encode_game, games_folder, runtime_folder
from stagedoor.wire.tokens import Tokens, encode_tokens, tokens_folder

logger = logging.getLogger("stagedoor")


class Announcement:
    """The files of a game. They stay until `withdraw()` or the end of this process."""

    def __init__(self, game: Game, tokens: Tokens) -> None:
        self._game = game
        self._process = os.getpid()
        self._files: list[Path] = []
        try:
            # The tokens come first: a client that finds the game needs them.
            self.write_tokens(tokens)
            self._write(games_folder(), encode_game(game))
        except OSError as error:
            logger.warning("%s cannot be found by name: %s; its address works", game.name, error)
        atexit.register(self.withdraw)

    def write_tokens(self, tokens: Tokens) -> None:
        """Write the tokens, or replace them. Raises OSError."""
        self._write(tokens_folder(), encode_tokens(tokens))

    def _write(self, folder: Path, content: bytes) -> None:
        file = folder / self._game.file_name
        _replace(file, content)
        if file not in self._files:
            self._files.append(file)

    def withdraw(self) -> None:
        """Remove the files. A forked child leaves its parent's alone."""
        atexit.unregister(self.withdraw)
        files, self._files = self._files, []
        if os.getpid() == self._process:
            for file in files:
                with contextlib.suppress(OSError):
                    file.unlink()


def _replace(whole: Path, content: bytes) -> None:
    """Write a file in one step: a reader sees all of it or none. Only this user may read it,
    whatever the umask. Raises OSError, also for a folder of somebody else."""
    for folder in (runtime_folder(), whole.parent):
        _make(folder)
    _check(whole.parent)
    descriptor, part = tempfile.mkstemp(dir=whole.parent, prefix=".")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.chmod(part, 0o600)
        os.replace(part, whole)
    except BaseException:
        os.unlink(part)
        raise


def _make(folder: Path) -> None:
    """Make sure that a folder is there. It is this user's alone, and so are those above it that
    were missing."""
    try:
        try:
            folder.mkdir(mode=0o700)
        except FileNotFoundError:
            if folder.parent.is_dir():  # as in /proc
                raise
            _make(folder.parent)
            folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.stat()
        is_ours = sys.platform == "win32" or status.st_uid == os.getuid()
        if not is_ours or status.st_mode & stat.S_ISVTX:
            return  # as /tmp: it is no folder of stagedoor's
    folder.chmod(0o700)  # the umask may have taken some of it away, or somebody has added to it


def _check(folder: Path) -> None:
    """Raise PermissionError if somebody else can write into the folder."""
    if sys.platform != "win32":
        status = folder.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise PermissionError(errno.EPERM, "others can write into this folder", str(folder))
