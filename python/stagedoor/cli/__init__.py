"""The command `stagedoor`: `main()`.

Each verb is a module with two functions. `add_to(verbs)` tells argparse about it. `run(arguments)`
imports what it needs and returns the exit code. Instead it may return a function that returns the
exit code: exceptions of that function are not handled here.

A verb raises `CommandError` if something is wrong; that becomes one line on stderr and an exit
code.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from stagedoor.cli import (
    call,
    click,
    disable,
    enable,
    eval,
    find,
    get,
    logs,
    methods,
    notify,
    press,
    profile,
    ps,
    run,
    shell,
    shot,
    status,
    stub,
    tree,
    tweak,
    watch,
)
from stagedoor.cli import set as set_
from stagedoor.cli import type as type_
from stagedoor.cli.command import EXIT_CODES, FAILED, INTERRUPTED, OK, USAGE, CommandError
from stagedoor.cli.terminal import (
    OutputError,
    close_output,
    drop_output,
    harmless,
    leave_streams,
    open_streams,
    print_error,
    print_failure,
    print_line,
    print_text,
)
from stagedoor.wire.similar import did_you_mean

VERBS = (
    *(run, enable, disable, status, ps, call, notify, methods, watch, logs, profile, shot),
    *(tree, get, set_, tweak, find, click, press, type_, eval),
    *(shell, stub),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments; returns the exit code. None: those of the process."""
    replaced = open_streams()
    try:
        done = _run(sys.argv[1:] if argv is None else list(argv))
        close_output()
    except OutputError as error:  # as in `stagedoor ps | head -1`, or on a full disk
        drop_output()
        if not error.is_wanted:
            return OK
        print_error(str(error))
        return FAILED
    if isinstance(done, int):
        return done
    leave_streams(replaced)
    return done()


def _run(argv: list[str]) -> int | Callable[[], int]:
    try:
        return _chosen(argv)
    except CommandError as error:
        print_failure(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED


def _chosen(argv: list[str]) -> int | Callable[[], int]:
    parser = _parser()
    try:
        arguments, rest = parser.parse_known_args(argv)
        if not hasattr(arguments, "run"):
            if rest:
                _refuse(parser, rest)
            parser.print_help(sys.stderr)
            return USAGE
        # In `call spawn a=1 --to x b=2 -- -c`, argparse does not add the rest to the values.
        end = rest.index("--") if "--" in rest else len(rest)
        has_options = any(text[:1] == "-" for text in rest[:end])
        if rest and (not hasattr(arguments, "values") or has_options):
            _refuse(arguments.parser, rest)
        del rest[end : end + 1]
    except SystemExit as finished:  # argparse exits after --help and after wrong usage
        return finished.code if isinstance(finished.code, int) else USAGE
    if rest:
        arguments.values = [*arguments.values, *rest]
    done: int | Callable[[], int] = arguments.run(arguments)
    return done


def _refuse(parser: argparse.ArgumentParser, rest: list[str]) -> NoReturn:
    options = [text for action in parser._actions for text in action.option_strings]
    wrong = next((text for text in rest if text[:1] == "-"), rest[0]).partition("=")[0]
    parser.error(f"unrecognized arguments: {' '.join(rest)}{did_you_mean(wrong, options)}")


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
    """Prints errors without the control characters that an argument may contain, and says what
    could have been meant."""

    def error(self, message: str) -> NoReturn:
        super().error(harmless(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        # argparse says nothing of what it cannot write.
        if file is sys.stdout:
            print_text(message)
        else:
            super()._print_message(message, file)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            hint = did_you_mean(str(value), known)
            text = f"there is no {value}; expected one of {', '.join(known)}{hint}"
            raise argparse.ArgumentError(action, text)


class _Version(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import stagedoor

        print_line(f"stagedoor {stagedoor.__version__}")
        parser.exit()
