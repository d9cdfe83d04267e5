"""What the verbs share: exit codes, `CommandError`, and functions that add their arguments."""

import argparse
import textwrap
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3
INTERRUPTED: Final = 130

EXIT_CODES: Final = """exit codes:
  0    ok
  1    the call failed or was not answered in time; a file could not be changed
  2    wrong usage
  3    no game found, or no connection to it
  130  interrupted by Ctrl-C"""

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace], int | Callable[[], int]]


class CommandError(Exception):
    """A verb failed. The message is one line for stderr; `exit_code` is the exit code. `before` and
    `after`: lines around it, as the game's traceback, or what would have been right."""

    def __init__(
        self,
        message: str,
        exit_code: int = FAILED,
        *,
        before: Sequence[str] = (),
        after: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.before = before
        self.after = after


def add_verb(
    verbs: Verbs, name: str, run: Run, help: str, details: str = ""
) -> argparse.ArgumentParser:
    """Add the parser of a verb, and return it. `details`: what `--help` says below the first
    line."""
    parser = verbs.add_parser(
        name,
        help=help,
        description=_filled(f"{help[:1].upper()}{help[1:]}.\n\n{details}"),
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def _filled(text: str) -> str:
    """The text in lines that fit a terminal of 80 columns. Paragraphs with columns or code in them
    stay as they are."""
    paragraphs = text.strip().split("\n\n")
    return "\n\n".join(
        one if "  " in one or one.startswith(" ") else textwrap.fill(" ".join(one.split()), 79)
        for one in paragraphs
    )


def add_json(
    parser: argparse.ArgumentParser,
    help: str = "print JSON (the default if stdout is not a terminal)",
) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help=help)


def add_path(parser: argparse.ArgumentParser) -> None:
    """Add the argument PATH: where a project is."""
    parser.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        default=".",
        help="a folder or file of the project; the nearest pyproject.toml, from there upward, is"
        " used (default: the working directory)",
    )
