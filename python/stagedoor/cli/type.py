"""`stagedoor type TEXT`: type text into a running game, as a player would."""

import argparse

from stagedoor.cli.call import call
from stagedoor.cli.command import OK, Verbs, add_verb
from stagedoor.cli.game import add_game, open_game
from stagedoor.cli.values import Given


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "type",
        run,
        "type text into a running game",
        "A line break in the text is the key return. `stagedoor press return` presses that, too.",
    )
    parser.add_argument("text", metavar="TEXT", help="the text, at most 1 000 characters")
    add_game(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    with open_game(arguments) as game:
        call(game, "input.text", Given([], {"text": arguments.text}))
    return OK
