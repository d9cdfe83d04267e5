"""`stagedoor click SELECTOR`: click what is on the screen of a running game."""

import argparse
import json

from stagedoor.cli.command import OK, Verbs, add_json, add_verb
from stagedoor.cli.find import SELECTORS, add_evaluate, line_of
from stagedoor.cli.game import add_game, open_game, seconds, told
from stagedoor.cli.terminal import print_line, wants_json

BUTTONS = ("left", "middle", "right")
DETAILS = f"""\
The pointer moves to the middle of what is seen of it, and its button is pressed and
released. A selector is made of these, as in Enemy.boss[hp<10]:

{SELECTORS}

Put it in quotes for the shell: stagedoor click '"New game"'. If several things fit, --index says
which: 0 is the one at the very back."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "click", run, "click something in a running game", DETAILS)
    parser.add_argument("selector", metavar="SELECTOR", help="what to click")
    parser.add_argument("--index", metavar="I", type=_index, help="which one, if several fit")
    parser.add_argument(
        "--button", choices=BUTTONS, default=BUTTONS[0], help="which button (default: left)"
    )
    parser.add_argument(
        "--wait", metavar="S", type=seconds, help="wait for it, for at most S seconds"
    )
    add_evaluate(parser)
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    patience = arguments.wait or 0.0
    with open_game(arguments) as game, told("scene.click", game):
        clicked = game.with_timeout(arguments.timeout + patience).call(
            "scene.click",
            selector=arguments.selector,
            index=arguments.index,
            button=1 + BUTTONS.index(arguments.button),
            seconds=patience,
            evaluate=arguments.evaluate,
        )
    if wants_json(arguments.json):
        print_line(json.dumps(clicked, ensure_ascii=False))
    else:
        print_line(f"clicked {line_of(clicked['node'])}")
    return OK


def _index(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 5:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 9999")
