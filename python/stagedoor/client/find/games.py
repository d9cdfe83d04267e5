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
        matches = _matches(str(target), games)
        what = f"a game called {target}" if not str(target).isdigit() else f"a game {target}"
    if len(matches) == 1:
        return matches[0]
    if matches:
        how, example = _choice(matches, games)
        raise SeveralGamesError(
            f"{len(matches)} games could be meant: {_list(matches)}; choose one by {how}",
            games,
            example,
        )
    if games:
        hint = did_you_mean(str(target), {game.name for game in games})
        raise NoGameError(f"{what} is not running; running: {_list(games)}{hint}", games)
    nothing = f"{what} is not running, nor is any other"
    raise NoGameError("no game is running" if target is None else nothing, games)


def _matches(target: str, games: list[Game]) -> list[Game]:
    return [game for game in games if target in (game.name, str(game.pid))]


def _choice(matches: list[Game], games: list[Game]) -> tuple[str, str]:
    """What tells each of these games from all that run, and that of the first."""
    for how, texts in [
        ("name", [game.name for game in matches]),
        ("process id or URL", [str(game.pid) for game in matches]),
    ]:
        if all(len(_matches(text, games)) == 1 for text in texts):
            return how, texts[0]
    return "URL", matches[0].url


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
