"""Which games are running on this machine: `running_games()`, and `find_game()` for one of them.

A running game has a file in `wire.games.games_folder()`. If the process of a file no longer runs,
`running_games()` removes the file. Any thread may call.
"""

import contextlib
from pathlib import Path

from stagedoor.client.errors import NoGameError, SeveralGamesError
from stagedoor.client.find.files import is_private, read_own
from stagedoor.processes import is_running
from stagedoor.wire.games import BadGameError, Game, decode_game, games_folder
from stagedoor.wire.similar import did_you_mean
from stagedoor.wire.tokens import tokens_folder


def running_games() -> list[Game]:
    """The user's running games, sorted by name, process id and port."""
    games = []
    for file in _files(games_folder()):
        game = _read(file)
        if game is None:
            continue
        if is_running(game.pid, game.born):
            games.append(game)
        else:
            _remove(file.name)
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
        how = "process id or URL" if len({game.name for game in matches}) < len(matches) else "name"
        raise SeveralGamesError(
            f"{len(matches)} games could be meant: {_list(matches)}; choose one by {how}",
            games,
        )
    if games:
        hint = did_you_mean(str(target), {game.name for game in games})
        raise NoGameError(f"{what} is not running; running: {_list(games)}{hint}", games)
    nothing = f"{what} is not running, nor is any other"
    raise NoGameError("no game is running" if target is None else nothing, games)


def _list(games: list[Game]) -> str:
    return ", ".join(f"{game.name} ({game.pid}, {game.url})" for game in games)


def _files(folder: Path) -> list[Path]:
    if not is_private(folder):
        return []
    try:
        return sorted(file for file in folder.iterdir() if file.suffix == ".json")
    except OSError:
        return []


def _read(file: Path) -> Game | None:
    """The game in a file; None if there is none: the file is another program's, or a later
    stagedoor's."""
    data = read_own(file)
    if data is None:
        return None
    try:
        return decode_game(data)
    except BadGameError:
        return None


def _remove(name: str) -> None:
    for folder in (games_folder(), tokens_folder()):
        with contextlib.suppress(OSError):
            (folder / name).unlink()
