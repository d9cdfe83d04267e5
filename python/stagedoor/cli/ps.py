"""`stagedoor ps`: the games that run on this machine. `game_rows()` is for `status` as well."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.terminal import print_line, print_table, print_value, wants_json

if TYPE_CHECKING:
    from stagedoor.wire.games import Game


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    add_json(add_verb(verbs, "ps", run, "list your running games"))


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    from stagedoor.client.games import running_games

    show_games(running_games(), as_json=wants_json(arguments.json))
    return OK


def show_games(games: "list[Game]", *, as_json: bool) -> None:
    """Print the games."""
    if as_json:
        print_value(games_as_json(games), as_json=True)
    elif games:
        now = time.time()
        print_table(
            ["NAME", "PID", "URL", "RUNNING FOR"],
            [(game.name, str(game.pid), game.url, _age(now - game.started)) for game in games],
        )
    else:
        print_line("No game is running.")


def games_as_json(games: "list[Game]") -> list[Any]:
    """The games as plain values."""
    import msgspec

    return [msgspec.to_builtins(game) for game in games]


def _age(seconds: float) -> str:
    minutes, rest = divmod(int(min(max(seconds, 0), 1e9)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
