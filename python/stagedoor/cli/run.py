"""`stagedoor run SCRIPT|-m MODULE [ARG ...]`: run a game, unchanged, with a stage door."""

import argparse
import os
from collections.abc import Callable

from stagedoor.cli import main_module
from stagedoor.cli.command import USAGE, CommandError, Verbs, add_verb

DETAILS = """
The game runs in this process as `python SCRIPT` or `python -m MODULE` would run it, but enabled,
unless STAGEDOOR says otherwise. Output, tracebacks and exit code are its own; the exit code is 2,
too, when there is no such script or module. What follows SCRIPT or MODULE is the game's."""


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(verbs, "run", run, "run a game, unchanged, with a stage door", DETAILS[1:])
    parser.usage = "stagedoor run [-h] [--port PORT] [--name NAME] (SCRIPT | -m MODULE) [ARG ...]"
    parser.add_argument("--port", type=int, help="where to listen; 8787 or the next free one")
    parser.add_argument("--name", help="what to call the game; the script's or module's name")
    parser.add_argument(
        "-m",
        dest="module",
        metavar="MODULE",
        nargs=argparse.REMAINDER,
        help="run a module, and what follows is its arguments",
    )
    parser.add_argument(
        "script",
        metavar="SCRIPT",
        nargs=argparse.REMAINDER,
        help="a file, or a folder or archive with a __main__.py, and its arguments",
    )


def run(arguments: argparse.Namespace) -> Callable[[], int]:
    """Open the door; returns the game, which is to be run outside of the command's own error
    handling."""
    program = _program(arguments)
    _open_door(program.name, arguments)
    return program.run


def _program(arguments: argparse.Namespace) -> main_module.Program:
    if arguments.module:
        name, *rest = arguments.module
        return main_module.module(name, rest)
    if arguments.script and arguments.module is None:
        path, *rest = arguments.script
        return main_module.script(path, rest)
    raise CommandError("expected a SCRIPT or -m MODULE; see stagedoor run --help", USAGE)


def _open_door(name: str, arguments: argparse.Namespace) -> None:
    from stagedoor import settings, start

    # In the environment, so that what the game starts decides as the game does.
    os.environ.setdefault(settings.VARIABLE, "1")
    stage = start(arguments.name or name, port=arguments.port)
    if stage.enabled:
        from stagedoor.live.run import drive

        drive(stage, name=arguments.name, port=arguments.port)
