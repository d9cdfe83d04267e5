"""All output of the command: `print_value`, `print_table`, `print_line`, `print_note` and
`print_error`. `pretty()` returns a text that can be printed elsewhere.

Names, values and errors come from the game, and may contain anything. `harmless()` writes
characters that would move the cursor, change colours or reverse the text as escape sequences. JSON
text keeps its meaning.
"""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TextIO

from stagedoor.cli.command import CommandError

_INERT = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def harmless(text: str, encoding: str = "utf-8") -> str:
    """The text with some characters escaped as JSON escapes them: control, format and other
    unprintable characters, and those that the encoding does not have."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char, encoding) for char in text)


def _shown(char: str, encoding: str) -> str:
    if unicodedata.category(char) not in _INERT:
        try:
            char.encode(encoding)
        except UnicodeEncodeError:
            pass
        else:
            return char
    return json.dumps(char)[1:-1]


def wants_json(asked: bool) -> bool:
    """Whether to print JSON: if `asked` for, or if stdout is not a terminal."""
    return asked or not sys.stdout.isatty()


def print_line(text: str) -> None:
    """Print a line on stdout."""
    _write(sys.stdout, text)


def print_error(text: str) -> None:
    """Print a line on stderr, after the command's name."""
    _write(sys.stderr, f"stagedoor: {text}")


def print_note(text: str) -> None:
    """Print a line on stderr that is not an error, as progress."""
    _write(sys.stderr, text)
    sys.stderr.flush()


def print_value(value: object, *, as_json: bool) -> None:
    """Print a value that came from JSON: on one line, or indented and coloured for a person."""
    if as_json:
        print_line(_dumped(value, None))
        return
    from rich.console import Console
    from rich.highlighter import JSONHighlighter

    Console().print(JSONHighlighter()(pretty(value, _encoding(sys.stdout))), soft_wrap=True)


def pretty(value: object, encoding: str = "utf-8") -> str:
    """A value that came from JSON as indented text that is harmless to print."""
    return "\n".join(harmless(line, encoding) for line in _dumped(value, 2).split("\n"))


def _dumped(value: object, indent: int | None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent)
    except RecursionError:
        raise CommandError("the result is nested too deeply to be shown") from None


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table for a person."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(harmless(cell, _encoding(sys.stdout))) for cell in row))
    Console().print(table)


def _write(stream: TextIO, text: str) -> None:
    stream.write(harmless(text, _encoding(stream)) + "\n")


def _encoding(stream: TextIO) -> str:
    return stream.encoding or "utf-8"
