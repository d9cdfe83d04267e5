"""All output of the command: `print_value`, `print_table`, `print_line`, `print_note`,
`print_error` and `print_failure`. `pretty()` returns a text that can be printed elsewhere.

What cannot be written, because stdout is closed or its disk full, raises `OutputError`. What stderr
does not take is lost.

Names, values and errors come from the game, and may contain anything. `harmless()` writes
characters that would move the cursor, change colours or reverse the text as escape sequences. JSON
text keeps its meaning.
"""

import errno
import io
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, TypeAlias

from stagedoor.cli.command import CommandError

if TYPE_CHECKING:
    from rich.console import RenderableType


class OutputError(Exception):
    """Stdout takes no more. `is_wanted`: False if nobody reads it any longer, as `head` does."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"stdout cannot be written: {error.strerror or error}")
        self.is_wanted = not isinstance(error, BrokenPipeError)


class _Closed(io.TextIOBase):
    """Stands for stdout in a process that was started without one."""

    encoding = "utf-8"

    def write(self, text: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


@contextmanager
def output() -> Iterator[None]:
    """A block that writes to stdout. Raises: OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error


def open_streams() -> list[str]:
    """Take the place of streams that were closed before this process began: otherwise its sockets
    would get their numbers. Returns which, for `leave_streams()`."""
    replaced = []
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _occupy(descriptor)
            setattr(sys, name, _Closed() if name == "stdout" else open(os.devnull, "r+"))  # noqa: SIM115
            replaced.append(name)
    return replaced


def leave_streams(replaced: list[str]) -> None:
    """Leave the streams to a program as Python would: those that were closed are None."""
    for name in replaced:
        setattr(sys, name, None)


def _occupy(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:  # it is free
        null = os.open(os.devnull, os.O_RDWR)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)


def close_output() -> None:
    """Write what is left of the output. Raises: OutputError; then what is left is dropped."""
    try:
        with output():
            sys.stdout.flush()
    except OutputError:
        drop_output()
        raise


def drop_output() -> None:
    """Let nothing be written at the exit of this process that could not be written before."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
    with output():
        _write(sys.stdout, text)


def print_text(text: str) -> None:
    """Print a text of our own on stdout, as it is."""
    with output():
        sys.stdout.write(text)


def flush() -> None:
    """Write what was printed on stdout so far."""
    with output():
        sys.stdout.flush()


def print_error(text: str) -> None:
    """Print a line on stderr, after the command's name."""
    print_note(f"stagedoor: {text}")


def print_failure(error: CommandError) -> None:
    """Print on stderr why the command failed."""
    for line in error.before:
        print_note(line)
    print_error(str(error))
    for line in error.after:
        print_note(line)


def print_note(text: str) -> None:
    """Print a line on stderr that is not an error, as progress."""
    with suppress(OSError):
        _write(sys.stderr, text)
        sys.stderr.flush()


def print_value(value: object, *, as_json: bool) -> None:
    """Print a value that came from JSON: on one line, or indented and coloured for a person."""
    if as_json:
        print_line(_dumped(value, None))
        return
    from rich.console import Console
    from rich.highlighter import JSONHighlighter

    with output():
        Console().print(JSONHighlighter()(pretty(value, _encoding(sys.stdout))), soft_wrap=True)


def pretty(value: object, encoding: str = "utf-8") -> str:
    """A value that came from JSON as indented text that is harmless to print."""
    return "\n".join(harmless(line, encoding) for line in _dumped(value, 2).split("\n"))


def _dumped(value: object, indent: int | None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent)
    except RecursionError:
        raise CommandError("the result is nested too deeply to be shown") from None


Cell: TypeAlias = str | tuple[str, str]
"""What is in a table: a text, or a heading and the text below it."""


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, whole: Sequence[str] = ()
) -> None:
    """Print a table for a person. `whole`: columns whose cells are not broken into lines."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column in whole, overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    with output():
        Console().print(table)


def _cell(cell: Cell) -> "RenderableType":
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    encoding = _encoding(sys.stdout)
    if isinstance(cell, str):
        return Text(harmless(cell, encoding))
    heading, text = (harmless(line, encoding) for line in cell)
    return Group(Text(heading, style="bold"), Padding(Text(text), (0, 0, 0, 4)))


def _write(stream: TextIO, text: str) -> None:
    stream.write(harmless(text, _encoding(stream)) + "\n")


def _encoding(stream: TextIO) -> str:
    return stream.encoding or "utf-8"
