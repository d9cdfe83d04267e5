"""Which games are running on this machine: `running_games()`, and `find_game()` for one of them.

A running game has a file in `wire.games.games_folder()`. If the process of a file no longer runs,
`running_games()` removes the file. Any thread may call.
"""

import os
import stat
import sys
from pathlib import Path

from stagedoor.client.errors import NoGameError, SeveralGamesError
from stagedoor.wire.games import BadGameError, Game, decode_game, games_folder
from stagedoor.wire.tokens import tokens_folder

MAX_FILE = 64 * 1024
"""The most bytes of a file; a longer one is not stagedoor's."""


def running_games() -> list[Game]:
    """The user's running games, sorted by name, process id and port."""
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
    """The running game with this name or process id; None: the only game that is running.

    Raises: NoGameError, SeveralGamesError; both list the running games."""
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
    """Whether the folder exists and only the user can have written its files. With the file of
    another user, the client would connect to that user's program."""
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
    """The game in a file; None if there is none: the file is another program's, or a later
    stagedoor's."""
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
            return bool(kernel32.GetLastError() == 5)  # ERROR_ACCESS_DENIED: it runs
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
