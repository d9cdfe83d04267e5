"""`stagedoor notify METHOD [name=value ...]`: call a method without waiting for an answer."""

import argparse

from stagedoor.cli.call import named_if_mixed
from stagedoor.cli.command import OK, Verbs, add_verb
from stagedoor.cli.game import add_game, open_game
from stagedoor.cli.values import DETAILS, add_values, check_method, parse


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
    add_values(parser)
    add_game(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    check_method(arguments.method)
    given = parse(arguments.values)
    with open_game(arguments) as game:
        sent = named_if_mixed(game, arguments.method, given)
        game.notify(arguments.method, *sent.unnamed, **sent.named)
    return OK
