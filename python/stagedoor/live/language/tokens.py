"""The tokenizer that all the languages share: `Tokens`, and the one error, `SyntaxFault`.

A parser takes tokens from left to right and never looks back:

    tokens = Tokens("rocks[3]")
    name = tokens.expect_name()
    if tokens.accept("["):
        ...
        tokens.expect("]")
    tokens.expect_end()

Names are identifiers of any alphabet. Texts stand in single or double quotes, with the escapes of
JSON. Whole numbers may be hexadecimal (`0x1f`). A minus is a symbol: the parser knows what it is.
"""

from __future__ import annotations

import enum
import re
from collections import deque
from dataclasses import dataclass
from typing import Final, NoReturn

MAX_TEXT: Final = 10_000
"""The most characters of a text to parse."""
MAX_DIGITS: Final = 300
"""The most characters of a number."""
SYMBOLS: Final = ("<=", ">=", "==", "!=", *".,:;#@$~^*+-/%=<>!?&|()[]{}")
"""Longer ones first."""
_SHOWN: Final = 72
"""How much of a line a fault shows."""

_NAME: Final = re.compile(r"[^\W\d]\w*")
_TOKEN: Final = re.compile(
    rf"""(?P<space>\s*)(?:
    (?P<NAME>{_NAME.pattern})
    |(?P<NUMBER>0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    |(?P<TEXT>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<SYMBOL>{"|".join(map(re.escape, SYMBOLS))})
    |(?P<END>\Z)
    )""",
    re.DOTALL | re.VERBOSE,
)
"""The next token, whatever it is. The groups have the names of the kinds."""
_SPACE: Final = re.compile(r"\s*")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_QUOTED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class SyntaxFault(ValueError):  # noqa: N818 (SyntaxError is Python's)
    """A text does not parse. Its own text shows the line, with a caret at the place."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        super().__init__(text, position, expected)
        self.text = text
        self.position = position
        """How many characters are before the place."""
        self.expected = expected
        """What should have been there, as in "a name"."""

    def __str__(self) -> str:
        line, column = _line_at(self.text, self.position)
        return f"expected {self.expected}\n    {line}\n    {' ' * column}^"


def _line_at(text: str, position: int) -> tuple[str, int]:
    """The part of the text to show, without control characters, and the column of the place."""
    begin = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    left = max(begin, position - _SHOWN // 2)
    right = min(end, left + _SHOWN)
    before = "…" if left > begin else ""
    after = "…" if right < end else ""
    shown = "".join(c if c.isprintable() else "?" for c in text[left:right])
    return f"{before}{shown}{after}", position - left + len(before)


class Kind(enum.Enum):
    """What a token is."""

    NAME = "a name"
    NUMBER = "a number"
    TEXT = "a text in quotes"
    SYMBOL = "a symbol"
    END = "the end"


_KINDS: Final = {kind.name: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and where it stands."""

    kind: Kind
    text: str
    """As it is written."""
    value: str | int | float
    """Of a name and of a symbol its text, of a text what is in the quotes, of a number the number.
    """
    start: int
    end: int
    is_spaced: bool
    """White space stands before it."""


class Tokens:
    """A text's tokens, taken from left to right. Raises SyntaxFault where none can be made: a token
    is made when the one before it is taken."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_TEXT:
            raise SyntaxFault(text, MAX_TEXT, f"at most {MAX_TEXT:,} characters")
        self._made = deque([_token_at(text, 0)])
        """The next token, and those after it that were looked at."""

    @property
    def next(self) -> Token:
        """The token that comes next; the one of kind END at the end."""
        return self._made[0]

    def ahead(self, count: int) -> Token:
        """The token that comes after so many others; the one of kind END at the end."""
        while len(self._made) <= count and self._made[-1].kind is not Kind.END:
            self._made.append(_token_at(self.text, self._made[-1].end))
        return self._made[min(count, len(self._made) - 1)]

    def take(self) -> Token:
        """Take the next token. The end stays."""
        self.ahead(1)
        return self._made.popleft() if len(self._made) > 1 else self._made[0]

    def at(self, *texts: str) -> bool:
        """Whether the next token is one of these symbols or names."""
        token = self.next
        return token.kind in (Kind.SYMBOL, Kind.NAME) and token.text in texts

    def accept(self, *texts: str) -> Token | None:
        """Take the next token if it is one of these symbols or names."""
        return self.take() if self.at(*texts) else None

    def expect(self, *texts: str) -> Token:
        """Take the next token, which must be one of these symbols or names."""
        if not self.at(*texts):
            self.fault(" or ".join(texts))
        return self.take()

    def expect_kind(self, kind: Kind, expected: str = "") -> Token:
        """Take the next token, which must be of this kind. `expected`: what to call it."""
        if self.next.kind is not kind:
            self.fault(expected or kind.value)
        return self.take()

    def expect_name(self, expected: str = "a name") -> str:
        """Take the next token, which must be a name."""
        return self.expect_kind(Kind.NAME, expected).text

    def expect_end(self, expected: str = "the end") -> None:
        """Check that nothing is left."""
        if self.next.kind is not Kind.END:
            self.fault(expected)

    def fault(self, expected: str, position: int | None = None) -> NoReturn:
        """Raise SyntaxFault at the next token, or at this position."""
        raise SyntaxFault(self.text, self.next.start if position is None else position, expected)


def is_name(text: str) -> bool:
    """Whether a text can stand as a name, without quotes."""
    return _NAME.fullmatch(text) is not None


def quoted(text: str) -> str:
    """The text in quotes, so that it is a token of kind TEXT with this value. Control characters
    and lone surrogates are escaped."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if (found := _QUOTED.get(character)) is not None:
        return found
    if character.isprintable() or ord(character) > 0xFFFF:
        return character
    return f"\\u{ord(character):04x}"


def _token_at(text: str, position: int) -> Token:
    found = _TOKEN.match(text, position)
    if found is None:
        raise _no_token(text, position)
    name = str(found.lastgroup)
    kind, written, start = _KINDS[name], found[name], found.start(name)
    value: str | int | float = written
    if kind is Kind.NUMBER:
        value = _number(text, start, written)
    elif kind is Kind.TEXT:
        value = _unquoted(text, start, written)
    return Token(kind, written, value, start, found.end(), is_spaced=start > position)


def _no_token(text: str, position: int) -> SyntaxFault:
    space = _SPACE.match(text, position)
    start = position if space is None else space.end()
    if (quote := text[start]) in "\"'":
        return SyntaxFault(text, len(text), f"{quote} at the end of the text in quotes")
    return SyntaxFault(text, start, "a name, a number, a text in quotes or a symbol")


def _number(text: str, start: int, written: str) -> int | float:
    if len(written) > MAX_DIGITS:
        raise SyntaxFault(text, start, f"a number of at most {MAX_DIGITS} characters")
    if _NAME.match(text, start + len(written)):
        raise SyntaxFault(text, start + len(written), "no letter after a number")
    if written[:2] in ("0x", "0X"):
        return int(written, 16)
    if written.isdigit():
        return int(written)
    if (number := float(written)) == float("inf"):
        raise SyntaxFault(text, start, "a smaller number")
    return number


def _unquoted(text: str, start: int, written: str) -> str:
    def character(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        if escape in "\"'\\/":
            return escape
        if (known := _ESCAPES.get(escape)) is None:
            place = start + 1 + found.start()
            raise SyntaxFault(text, place, "an escape of JSON, as \\n or \\u00e9")
        return known

    return _ESCAPE.sub(character, written[1:-1])
