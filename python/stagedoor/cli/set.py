"""`stagedoor set PATH VALUE`: put a value into a running game."""

import argparse

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game
from stagedoor.cli.terminal import print_line, print_value, wants_json
from stagedoor.cli.tree import add_evaluate, add_object, ask, said
from stagedoor.cli.values import parse_value


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "set",
        run,
        "set a value of a running game, and print what it is then",
        "VALUE is JSON if it reads as JSON, otherwise a text. It must fit the type of the value"
        " that is there: a number for a number, [x,y] for a vector, the name of a member for an"
        " enum.",
    )
    add_object(parser)
    parser.add_argument("value", metavar="VALUE", help="as in 3, [1,2], true or big")
    parser.add_argument(
        "--expected", metavar="VALUE", help="set it only if this is the value that is there"
    )
    add_evaluate(parser)
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    params = {"value": parse_value(arguments.value), "evaluate": arguments.evaluate}
    if arguments.expected is not None:
        params["expected"] = parse_value(arguments.expected)
    with open_game(arguments) as game:
        node = ask(game, "objects.set", path=arguments.path, **params)
    if "value" in node:
        print_value(node["value"], as_json=wants_json(arguments.json))
    else:
        print_line(said(node))
    return OK
