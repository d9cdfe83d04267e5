"""`stagedoor ps`: list the games that run on this machine. `status` uses `show_games()`, too."""

import argparse
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.terminal import print_line, print_table, print_value, wants_json

if TYPE_CHECKING:
    from stagedoor.wire.games import Game

TIMEOUT = 0.5
"""Seconds to wait for a game's answer."""

Facts = Mapping[str, Any]


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "ps",
        run,
        "list your running games",
        "FPS and CLIENTS are empty for a game that does not answer within half a second.",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    from stagedoor.client.find.games import running_games

    show_games(running_games(), as_json=wants_json(arguments.json))
    return OK


def show_games(games: "list[Game]", *, as_json: bool) -> None:
    """Print the games, as JSON or as a table. Asks each for its fps and clients."""
    if as_json:
        print_value(games_as_json(games), as_json=True)
    elif games:
        now = time.time()
        rows = [
            (game.name, str(game.pid), game.url, _number(told["fps"]), _number(told["clients"]),
             _age(now - game.started))
            for game, told in zip(games, _ask(games), strict=True)
        ]  # fmt: skip
        print_table(["NAME", "PID", "URL", "FPS", "CLIENTS", "RUNNING FOR"], rows)
    else:
        print_line("No game is running.")


def games_as_json(games: "list[Game]") -> list[Any]:
    """The games as plain values, with fps and clients, which are None if they are not known."""
    import msgspec

    return [msgspec.to_builtins(game) | told for game, told in zip(games, _ask(games), strict=True)]


def _ask(games: "list[Game]") -> list[Facts]:
    """Ask all games at the same time."""
    if not games:
        return []
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(games), 16)) as threads:
        return list(threads.map(_ask_one, games))


def _ask_one(game: "Game") -> Facts:
    from stagedoor.client import connect
    from stagedoor.client.errors import ClientError
    from stagedoor.wire.errors import RpcError

    status: object = None
    try:
        with connect(game.url, role="viewer", timeout=TIMEOUT, reconnect=False) as client:
            status = client.call("game.status")
    except (ClientError, RpcError):
        pass  # the game is listed without its facts
    told = status if isinstance(status, dict) else {}
    return {key: _checked(told.get(key)) for key in ("fps", "clients")}


def _checked(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e9 else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(min(max(seconds, 0), 1e9)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
