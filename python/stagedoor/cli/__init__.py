"""The command `stagedoor`: `main()`.

Each verb is a module with two functions. `add_to(verbs)` tells argparse about it. `run(arguments)`
imports what it needs and returns the exit code. Instead it may return a function that returns the
exit code: exceptions of that function are not handled here.

A verb raises `CommandError` if something is wrong; that becomes one line on stderr and an exit
code.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from stagedoor.cli import (
    call,
    disable,
    enable,
    logs,
    methods,
    notify,
    ps,
    run,
    shell,
    status,
    stub,
    watch,
)
from stagedoor.cli.command import EXIT_CODES, INTERRUPTED, OK, USAGE, CommandError
from stagedoor.cli.terminal import harmless, print_error, print_line

VERBS = (run, enable, disable, status, ps, call, notify, methods, watch, logs, shell, stub)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments; returns the exit code. None: those of the process."""
    try:
        done = _run(sys.argv[1:] if argv is None else list(argv))
    except CommandError as error:
        print_error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # as in `stagedoor ps | head -1`, where nobody reads the rest
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return done if isinstance(done, int) else done()


def _run(argv: list[str]) -> int | Callable[[], int]:
    parser = _parser()
    try:
        arguments, rest = parser.parse_known_args(argv)
        # In `call spawn a=1 --to x b=2`, argparse does not add `b=2` to the values.
        if rest and (not hasattr(arguments, "values") or any(text[:1] == "-" for text in rest)):
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
    except SystemExit as finished:  # argparse exits after --help and after wrong usage
        return finished.code if isinstance(finished.code, int) else USAGE
    if not hasattr(arguments, "run"):
        parser.print_help(sys.stderr)
        return USAGE
    if rest:
        arguments.values += rest
    done: int | Callable[[], int] = arguments.run(arguments)
    sys.stdout.flush()
    return done


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="stagedoor",
        description="The guarded door into your running game.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    for verb in VERBS:
        verb.add_to(verbs)
    return parser


class _Parser(argparse.ArgumentParser):
    """Prints errors without the control characters that an argument may contain."""

    def error(self, message: str) -> NoReturn:
        super().error(harmless(message))


class _Version(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import stagedoor

        print_line(f"stagedoor {stagedoor.__version__}")
        parser.exit()
