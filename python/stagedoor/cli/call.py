"""`stagedoor call METHOD [name=value ...]`: call a method of a running game; print the result."""

import argparse
from typing import TYPE_CHECKING, Any

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, told
from stagedoor.cli.terminal import print_note, print_value, wants_json
from stagedoor.cli.values import DETAILS, split

if TYPE_CHECKING:
    from stagedoor.client.sync.client import Client

PROGRESS = """
If the method yields values while it runs, each is printed as a line of JSON on stderr: its
progress. Ctrl-C cancels the call in the game."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "call", run, "call a method of a running game", DETAILS + PROGRESS)
    parser.add_argument("method", metavar="METHOD", help="the method's name, as in process.info")
    parser.add_argument("values", metavar="name=value", nargs="*", help="the method's params")
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    args, params = split(arguments.values)
    with open_game(arguments) as game:
        result = call(game, arguments.method, args, params)
    print_value(result, as_json=wants_json(arguments.json))
    return OK


def call(game: "Client", method: str, args: list[object], params: dict[str, object]) -> Any:
    """Call a method and print its progress; returns the result. Raises: CommandError."""
    import json

    with told(method), game.progress(method, *args, **params) as progress:
        for value in progress:
            print_note(json.dumps(value, ensure_ascii=False))
        return progress.result()
