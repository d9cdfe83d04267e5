"""`stagedoor get PATH`: print a value of a running game."""

import argparse

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game
from stagedoor.cli.terminal import print_line, print_note, print_value, wants_json
from stagedoor.cli.tree import add_evaluate, add_object, ask, said


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "get",
        run,
        "print a value of a running game",
        "With --json, or in a pipe, what JSON cannot tell is printed as all that is known of it.",
    )
    add_object(parser)
    add_evaluate(parser)
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    with open_game(arguments) as game:
        node = ask(game, "objects.get", path=arguments.path, evaluate=arguments.evaluate)
    if "value" in node:
        print_value(node["value"], as_json=wants_json(arguments.json))
    elif wants_json(arguments.json):
        print_value(node, as_json=True)
    else:
        print_line(said(node))
    if "error" in node:
        print_note(node["error"])
    return OK
