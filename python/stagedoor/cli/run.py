"""`stagedoor run SCRIPT|-m MODULE [ARG ...]`: run a game, unchanged, with a stage door."""

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from stagedoor.cli.command import USAGE, CommandError, Verbs, add_verb

if TYPE_CHECKING:
    from stagedoor.cli.main_module import Program

DETAILS = """
The game runs in this process as `python SCRIPT` or `python -m MODULE` would run it, but with
stagedoor enabled, unless STAGEDOOR says otherwise. Output, tracebacks and exit code are the game's
own. The exit code is also 2 if there is no such script or module. Arguments after SCRIPT or MODULE
go to the game."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "run", run, "run a game, unchanged, with a stage door", DETAILS[1:])
    parser.usage = (
        "stagedoor run [-h] [--port PORT] [--name NAME] [--verbose] [--console]\n"
        "                     (SCRIPT | -m MODULE) [ARG ...]"
    )
    parser.add_argument(
        "--port", type=_port, help="the port to listen on (default: 8787 or the next free one)"
    )
    parser.add_argument("--name", help="the game's name (default: the script's or module's)")
    parser.add_argument(
        "--verbose", action="store_true", help="print what stagedoor logs to stderr"
    )
    parser.add_argument(
        "--console",
        action="store_true",
        help="let admins run any Python code in the game, as stagedoor eval does",
    )
    parser.add_argument("-m", dest="is_module", action="store_true", help="run a module")
    # One list, because argparse would take the game's options for its own.
    parser.add_argument(
        "game",
        metavar="SCRIPT",
        nargs=argparse.REMAINDER,
        help="a file, or a folder or archive with a __main__.py, and its arguments",
    )


def run(arguments: argparse.Namespace) -> Callable[[], int]:
    """Open the stage door; returns the function that runs the game. It must run outside of the
    command's own error handling. Raises: CommandError."""
    program = _program(arguments)
    _open_door(program.name, arguments)
    return program.run


def _program(arguments: argparse.Namespace) -> "Program":
    game: list[str] = arguments.game
    if game[:1] == ["--"]:
        del game[0]
    if not game:
        raise CommandError("expected a SCRIPT or -m MODULE; see stagedoor run --help", USAGE)
    from stagedoor.cli import main_module

    load = main_module.module if arguments.is_module else main_module.script
    return load(game[0], game[1:])


def _open_door(name: str, arguments: argparse.Namespace) -> None:
    from stagedoor import settings, start

    # In the environment, so that processes that the game starts are enabled as the game is.
    os.environ.setdefault(settings.VARIABLE, "1")
    if arguments.verbose:
        import logging

        logger = logging.getLogger("stagedoor")
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)
    stage = start(arguments.name or name, port=arguments.port, console=arguments.console)
    if stage.enabled:
        from stagedoor.live.run import drive

        drive(stage, name=arguments.name, port=arguments.port, is_verbose=arguments.verbose)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
