"""Which games are running on this machine: `running_games()`, and `find_game()` for one of them.

A game that runs has a file in `wire.games.games_folder()`. One whose process is gone left it
behind: it is removed here, in passing.
"""

import os
import stat
import sys
from pathlib import Path

from stagedoor.client.errors import NoGameError, SeveralGamesError
from stagedoor.wire.games import BadGameError, Game, decode_game, games_folder
from stagedoor.wire.tokens import tokens_folder

MAX_FILE = 64 * 1024
"""Bytes; a longer file is not ours."""


def running_games() -> list[Game]:
    """The user's running games, by name and process id."""
    folder = games_folder()
    if not is_private(folder):
        return []
    games = []
    for file in sorted(folder.glob("*.json")):
        game = _read(file)
        if game is None:
            continue
        if _is_alive(game.pid):
            games.append(game)
        else:
            file.unlink(missing_ok=True)
            (tokens_folder() / file.name).unlink(missing_ok=True)
    return sorted(games, key=lambda game: (game.name, game.pid, game.port))


def find_game(target: str | int | None = None) -> Game:
    """The running game with this name or process id; None: the only one there is.

    Raises: NoGameError, SeveralGamesError; both name what was found."""
    games = running_games()
    if target is None:
        matches, what = games, "a game"
    else:
        matches = [game for game in games if game.name == target or str(game.pid) == str(target)]
        what = f"a game called {target}" if not str(target).isdigit() else f"a game {target}"
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise SeveralGamesError(
            f"{len(matches)} games could be meant, choose by process id or URL: {_list(matches)}",
            games,
        )
    if games:
        raise NoGameError(f"{what} is not running; running: {_list(games)}", games)
    raise NoGameError(
        f"{what} is not running, nor is any other"
        if target is not None
        else "no game is running with stagedoor enabled",
        games,
    )


def _list(games: list[Game]) -> str:
    return ", ".join(f"{game.name} ({game.pid}, {game.url})" for game in games)


def is_private(folder: Path) -> bool:
    """Whether the folder exists, and nobody but the user can have written what is in it: a
    stranger's file would have us talk to the stranger."""
    try:
        status = folder.stat()
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(file: Path) -> Game | None:
    """None for what is no game: somebody else's file, or one of a stagedoor to come."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE + 1)
        return decode_game(data) if len(data) <= MAX_FILE else None
    except (OSError, BadGameError):
        return None


if sys.platform == "win32":

    def _is_alive(pid: int) -> bool:
        # os.kill(pid, 0) would send Ctrl-C here.
        import ctypes

        kernel32 = ctypes.windll.kernel32
        process = kernel32.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not process:
            return bool(kernel32.GetLastError() == 5)  # ERROR_ACCESS_DENIED: there, not ours
        code = ctypes.c_ulong()
        known = kernel32.GetExitCodeProcess(process, ctypes.byref(code))
        kernel32.CloseHandle(process)
        return not known or code.value == 259  # STILL_ACTIVE

else:

    def _is_alive(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True
