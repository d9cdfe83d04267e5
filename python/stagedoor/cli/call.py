"""`stagedoor call METHOD [name=value ...]`: call a method of a running game; print the result."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.explain import ask
from stagedoor.cli.game import add_game, open_game, told
from stagedoor.cli.terminal import print_note, print_value, wants_json
from stagedoor.cli.values import DETAILS, Given, add_values, check_method, parse, with_names

if TYPE_CHECKING:
    from stagedoor.client.sync.client import Client

PROGRESS = """
If the method yields values while it runs, each is printed as a line of JSON on stderr: its
progress. Ctrl-C cancels the call in the game."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "call", run, "call a method of a running game", DETAILS + PROGRESS)
    parser.add_argument("method", metavar="METHOD", help="the method's name, as in process.info")
    add_values(parser)
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    check_method(arguments.method)
    given = parse(arguments.values)
    with open_game(arguments) as game:
        result = call(game, arguments.method, given)
    print_value(result, as_json=wants_json(arguments.json))
    return OK


def call(game: "Client", method: str, given: Given, words: Iterable[str] = ()) -> Any:
    """Call a method and print its progress; returns the result. `words`: what could have been meant
    instead of a method. Raises: CommandError."""
    import json

    check_method(method)
    sent = named_if_mixed(game, method, given)
    with (
        told(method, game, given, words),
        game.progress(method, *sent.unnamed, **sent.named) as progress,
    ):
        for value in progress:
            print_note(json.dumps(value, ensure_ascii=False))
        return progress.result()


def named_if_mixed(game: "Client", method: str, given: Given) -> Given:
    """The params as JSON-RPC takes them; asks the game for their names, if it must. Raises:
    CommandError."""
    if not given.unnamed or not given.named:
        return given
    methods = ask(game)
    return with_names(given, None if methods is None else methods.get(method))
