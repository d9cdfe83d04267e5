"""`stagedoor stub > game_api.pyi`: write what a running game offers as types for type checkers."""

import argparse

from stagedoor.cli.command import OK, USAGE, CommandError, Verbs, add_verb
from stagedoor.cli.game import add_game, open_game
from stagedoor.cli.terminal import print_line

DETAILS = """\
Writes a class with the game's methods. Only type checkers need it:

    if TYPE_CHECKING:
        from game_api import Asteroids
    game = cast("Asteroids", stagedoor.connect("asteroids"))"""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs, "stub", run, "write a typed Python stub of a running game's methods", DETAILS
    )
    parser.add_argument(
        "--name", metavar="CLASS", help="the name of the class (default: from the game's name)"
    )
    parser.add_argument(
        "--async",
        dest="is_async",
        action="store_true",
        help="for the clients of stagedoor.connect_async()",
    )
    add_game(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    from stagedoor.cli.stub_text import stub_text

    name = arguments.name
    if name is not None and not (name.isidentifier() and name.isascii()):
        what = "is not a name for a class; expected letters, digits and _"
        raise CommandError(f"{name} {what}", USAGE)
    with open_game(arguments) as game:
        methods = game.methods
    for line in stub_text(methods, name, is_async=arguments.is_async).splitlines():
        print_line(line)
    return OK
