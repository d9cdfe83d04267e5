"""`stagedoor shot FILE`: write a picture of what a running game shows."""

import argparse
import base64
import binascii
from pathlib import Path
from typing import Any, Final

from stagedoor.cli.command import FAILED, OK, USAGE, CommandError, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game, told
from stagedoor.cli.terminal import print_line, print_value, wants_json

METHOD: Final = "screen.capture"
FORMATS: Final = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}

DETAILS = """\
The end of FILE says which kind it is: .png, .jpg or .jpeg. A file of that name is replaced. A game
that is paused has a picture, too."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "shot", run, "write a picture of what a running game shows", DETAILS)
    parser.add_argument("file", metavar="FILE", help="where to write it, as in shot.png")
    parser.add_argument(
        "--width", metavar="N", type=_pixels, help="scale it down to so many pixels, if it is wider"
    )
    parser.add_argument(
        "--rectangle",
        metavar="X,Y,W,H",
        type=_rectangle,
        help="only this part of the game's picture: pixels from its top left, width, height",
    )
    parser.add_argument(
        "--quality", metavar="N", type=_pixels, help="of a jpeg, from 1 to 100 (default: 75)"
    )
    add_game(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    file = Path(arguments.file)
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise CommandError(f"{file} must end with one of {', '.join(FORMATS)}", USAGE)
    given = {name: getattr(arguments, name) for name in ("width", "rectangle", "quality")}
    params = {name: value for name, value in given.items() if value is not None}
    with open_game(arguments) as game, told(METHOD, game):
        taken = game.call(METHOD, format=form, **params)
    about, data = _read(taken)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise CommandError(
            f"{file} cannot be written: {error.strerror or error}", FAILED
        ) from error
    if wants_json(arguments.json):
        print_value({"file": str(file), **about, "bytes": len(data)}, as_json=True)
    else:
        size = f"{about['width']} x {about['height']}"
        print_line(f"{file}: {size}, {len(data):,} bytes, frame {about['frame']}")
    return OK


def _read(taken: Any) -> tuple[dict[str, Any], bytes]:
    """What is said of the picture, and its file. Raises: CommandError."""
    try:
        about = {name: taken[name] for name in ("frame", "width", "height")}
        return about, base64.b64decode(taken["data"], validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError) as error:
        raise CommandError(f"the game sent no picture: {error!r}", FAILED) from error


def _pixels(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text[:9]) > 0 or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _rectangle(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not four numbers, as in 0,0,320,240")
    return [int(part[:9]) for part in parts]
