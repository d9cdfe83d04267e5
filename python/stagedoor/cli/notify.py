"""`stagedoor notify METHOD [name=value ...]`: call a method without waiting for an answer."""

import argparse

from stagedoor.cli.command import OK, Verbs, add_verb
from stagedoor.cli.game import add_game, open_game
from stagedoor.cli.values import DETAILS, split


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "notify",
        run,
        "call a method of a running game without waiting for an answer",
        "Exit code 0 says that the game got the call. It does not say that the method exists or\n"
        f"succeeded.\n\n{DETAILS}",
    )
    parser.add_argument("method", metavar="METHOD", help="the method's name")
    parser.add_argument("values", metavar="name=value", nargs="*", help="the method's params")
    add_game(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    args, params = split(arguments.values)
    with open_game(arguments) as game:
        game.notify(arguments.method, *args, **params)
    return OK
