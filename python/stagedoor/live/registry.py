"""Running games are found by the files they leave in the user's runtime folder."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import tempfile
from pathlib import Path

from stagedoor.wire.games import Game, encode_game, games_folder

logger = logging.getLogger("stagedoor")


class Announcement:
    """A game's file, there until `withdraw()` or the end of this process."""

    def __init__(self, game: Game) -> None:
        self._process = os.getpid()
        self._file: Path | None = None
        try:
            self._file = _write(game)
        except OSError as error:
            logger.warning("%s cannot be found by name: %s; its address works", game.name, error)
        atexit.register(self.withdraw)

    def withdraw(self) -> None:
        """Remove the file. A forked child leaves its parent's alone."""
        atexit.unregister(self.withdraw)
        file, self._file = self._file, None
        if file is not None and os.getpid() == self._process:
            with contextlib.suppress(OSError):
                file.unlink()


def _write(game: Game) -> Path:
    """In one step: a reader sees the whole file or none. Only this user may read it."""
    folder = games_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    descriptor, part = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with open(descriptor, "wb") as file:
            file.write(encode_game(game))
        whole = folder / game.file_name
        os.replace(part, whole)
    except BaseException:
        os.unlink(part)
        raise
    return whole
