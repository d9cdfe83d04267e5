"""`Announcement`: the files in the user's runtime folder by which clients find running games."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import tempfile
from pathlib import Path

from stagedoor.wire.games import Game, encode_game, games_folder
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
    """Write a file in one step: a reader sees all of it or none. Only this user may read it."""
    folder = whole.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    descriptor, part = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(part, whole)
    except BaseException:
        os.unlink(part)
        raise
