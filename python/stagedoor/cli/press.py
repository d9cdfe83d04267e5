"""`stagedoor press KEY ...`: press keys in a running game, as a player would."""

import argparse

from stagedoor.cli.call import call
from stagedoor.cli.command import OK, Verbs, add_verb
from stagedoor.cli.game import add_game, open_game, seconds
from stagedoor.cli.values import Given

DETAILS = """\
Each key is pressed and released, one after another: `up up space`. Keys that are pressed together
are joined, as in `ctrl+s`. A name with a space may have an underscore: `page_up`. A paused game
gets them when it goes on. Ctrl-C releases the key that is pressed."""
SLOW = 10
"""Frames a second that a slow game has, or a fast one while something else keeps it busy."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "press", run, "press keys in a running game", DETAILS)
    parser.add_argument(
        "keys", metavar="KEY", nargs="+", help="a key's name, as in left, space, f5 or ctrl+s"
    )
    duration = parser.add_mutually_exclusive_group()
    duration.add_argument(
        "--frames",
        metavar="N",
        type=_frames,
        help="for how many frames each is pressed (default: 1)",
    )
    duration.add_argument(
        "--seconds", metavar="S", type=seconds, help="for how many seconds each is pressed"
    )
    add_game(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    named = {
        name: value
        for name in ("frames", "seconds")
        if (value := getattr(arguments, name)) is not None
    }
    # The answer comes when the key is released.
    arguments.timeout += named.get("seconds", 0.0) + named.get("frames", 0) / SLOW
    with open_game(arguments) as game:
        for key in arguments.keys:
            call(game, "input.key", Given([], {"key": key, **named}))
    return OK


def _frames(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:10]) <= 100_000:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is not a number of frames from 1 to 100000"
        )
    return int(text)
