"""Paths to values of a game: `parse_path("world.rocks[3].pos.x")`.

    path   = root step*
    root   = name
    step   = "." (name | text)              an attribute: .pos, ."a b"
           | "[" key "]"                    an item of a list or dict: [3], [-1], ["a b"]
           | "{" key "}"                    a member of a set, or a key of a dict itself
    key    = text | number | None | True | False
           | "(" key ("," key)* ","? ")"    a tuple: cells[(2, 3)]
           | "@" number                     whatever has this identity: {@0x7f05c81}

`str(path)` is a text that parses to the same path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias, Union

from stagedoor.live.language.tokens import Kind, Tokens, is_name, quoted

MAX_STEPS: Final = 200
"""The most steps of a path."""
MAX_NESTING: Final = 2
"""How deep tuples may be in keys."""
MAX_PARTS: Final = 8
"""The most members of a tuple."""

_NAMED: Final = {"None": None, "True": True, "False": False}


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells an object apart that no text can name: its `id()`."""

    number: int

    def __str__(self) -> str:
        return f"@{self.number:#x}"


Key: TypeAlias = Union[str, int, float, bool, tuple["Key", ...], "Identity", None]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, by its name."""

    name: str

    def __str__(self) -> str:
        return f".{self.name if is_name(self.name) else quoted(self.name)}"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, by its index, or of a dict, by its key."""

    key: Key

    def __str__(self) -> str:
        return f"[{key_text(self.key)}]"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a set, or a key of a dict itself."""

    key: Key

    def __str__(self) -> str:
        return f"{{{key_text(self.key)}}}"


Step: TypeAlias = Attribute | Item | Member


@dataclass(frozen=True, slots=True)
class Path:
    """The name of a root, and the steps from there."""

    root: str
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return self.root + "".join(map(str, self.steps))

    def then(self, step: Step) -> Path:
        """The path with one more step."""
        return Path(self.root, (*self.steps, step))

    def upto(self, count: int) -> Path:
        """The path's first steps."""
        return Path(self.root, self.steps[:count])


def key_text(key: Key) -> str:
    """A key as it is written in a path."""
    if isinstance(key, str):
        return quoted(key)
    if isinstance(key, tuple):
        inner = ", ".join(map(key_text, key))
        return f"({inner},)" if len(key) == 1 else f"({inner})"
    return str(key)


def parse_path(text: str) -> Path:
    """Parse a path. Raises SyntaxFault."""
    tokens = Tokens(text)
    path = parse_path_in(tokens)
    tokens.expect_end("., [, { or the end")
    return path


def parse_path_in(tokens: Tokens) -> Path:
    """Parse a path that stands in a longer text, as far as it goes. Raises SyntaxFault."""
    root = tokens.expect_name("the name of a root")
    steps: list[Step] = []
    while (opened := tokens.accept(".", "[", "{")) is not None:
        if len(steps) == MAX_STEPS:
            tokens.fault(f"at most {MAX_STEPS} steps", opened.start)
        if opened.text == ".":
            if tokens.next.kind is Kind.TEXT:
                steps.append(Attribute(str(tokens.take().value)))
            else:
                steps.append(Attribute(tokens.expect_name("the name of an attribute")))
        elif opened.text == "[":
            steps.append(Item(_key(tokens, "an index or a key")))
            tokens.expect("]")
        else:
            steps.append(Member(_key(tokens, "a member")))
            tokens.expect("}")
    return Path(root, tuple(steps))


def _key(tokens: Tokens, expected: str, nesting: int = 0) -> Key:
    token = tokens.next
    if token.kind is Kind.TEXT:
        return tokens.take().value
    if token.kind is Kind.NAME and token.text in _NAMED:
        return _NAMED[tokens.take().text]
    if tokens.accept("-"):
        return -_number(tokens)
    if token.kind is Kind.NUMBER:
        return _number(tokens)
    if tokens.accept("@"):
        number = tokens.expect_kind(Kind.NUMBER, "a whole number").value
        if not isinstance(number, int):
            tokens.fault("a whole number", token.end)
        return Identity(number)
    if tokens.at("("):
        if nesting == MAX_NESTING:
            tokens.fault(f"tuples at most {MAX_NESTING} deep")
        return _tuple(tokens, nesting + 1)
    if token.kind is Kind.NAME:
        return tokens.fault(f'quotes around a text: "{token.text}"')
    return tokens.fault(expected)


def _number(tokens: Tokens) -> int | float:
    value = tokens.expect_kind(Kind.NUMBER).value
    assert not isinstance(value, str)
    return value


def _tuple(tokens: Tokens, nesting: int) -> tuple[Key, ...]:
    tokens.expect("(")
    keys: list[Key] = []
    while not tokens.accept(")"):
        if len(keys) == MAX_PARTS:
            tokens.fault(f"tuples of at most {MAX_PARTS}")
        if keys:
            tokens.expect(",")
            if tokens.accept(")"):
                break
        keys.append(_key(tokens, "a key", nesting))
    return tuple(keys)
