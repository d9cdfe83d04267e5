"""Selectors of what is on the screen: `parse_selector('Window "New game"')`.

    selector = step ((">" | space) step)*    step in step, at any depth; with > directly in it
    step     = (name | "*")? part*           the name of a class or of a base class; * is any
    part     = "#" id                        the name that the game calls it
             | "." id                        a tag
             | text                          its text, as a whole: "New game"
             | "~" text                      a part of its text, in upper or lower case
             | "[" test "]"                  a test of its object: [hp<10]
             | ":" state                     enabled, disabled, shown or hidden
    test     = "not"? path (operator literal)?
    id       = text | name, in which there may be "-": #new-game

The parts of a step stand without a space between them, and all of them must fit. A path begins with
an attribute of the object, as in `[pos.x > 100]`. Operators and literals: see `comparison.py`.
`str(selector)` is a text that parses to the same selector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stagedoor.live.language.comparison import (
    Literal,
    literal_text,
    parse_literal,
    parse_operator,
)
from stagedoor.live.language.path import Path, parse_path_in
from stagedoor.live.language.tokens import Kind, Tokens, is_name, quoted

STATES: Final = ("enabled", "disabled", "shown", "hidden")
MAX_STEPS: Final = 16
"""The most steps of a selector."""
MAX_PARTS: Final = 16
"""The most parts of a step."""
MAX_PATH_STEPS: Final = 32
"""The most names and keys in the tests of a step."""
_FIRST: Final = 'a class, #name, .tag, "text", [test] or :state'


@dataclass(frozen=True, slots=True)
class PathTest:
    """A test of an object. Without an operator, the value must be true."""

    path: Path
    """Its root is an attribute of the object."""
    operator: str | None = None
    literal: Literal = None
    is_negated: bool = False

    def __str__(self) -> str:
        negation = "not " if self.is_negated else ""
        rest = "" if self.operator is None else f"{self.operator}{literal_text(self.literal)}"
        return f"[{negation}{self.path}{rest}]"


@dataclass(frozen=True, slots=True)
class Step:
    """What one thing must be like."""

    type: str | None = None
    """The name of its class, or of a base class; None: any."""
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    contained: tuple[str, ...] = ()
    """Parts of its text."""
    tests: tuple[PathTest, ...] = ()
    states: tuple[str, ...] = ()
    is_direct: bool = False
    """It is directly in what the step before is about."""

    def __str__(self) -> str:
        parts = [
            *(f"#{_id_text(name)}" for name in self.names),
            *(f".{_id_text(tag)}" for tag in self.tags),
            *map(quoted, self.texts),
            *(f"~{quoted(text)}" for text in self.contained),
            *map(str, self.tests),
            *(f":{state}" for state in self.states),
        ]
        return (self.type or ("" if parts else "*")) + "".join(parts)


@dataclass(frozen=True, slots=True)
class Selector:
    """What something on the screen must be like, and, before that, what it must be in."""

    steps: tuple[Step, ...]

    @property
    def asks_for_hidden(self) -> bool:
        """Whether it selects what the game does not show."""
        return "hidden" in self.steps[-1].states

    def __str__(self) -> str:
        first, *rest = self.steps
        return str(first) + "".join(f"{' > ' if s.is_direct else ' '}{s}" for s in rest)


def parse_selector(text: str) -> Selector:
    """Parse a selector. Raises SyntaxFault."""
    tokens = Tokens(text)
    steps = [parse_step_in(tokens)]
    while tokens.next.kind is not Kind.END:
        is_direct = tokens.accept(">") is not None
        if not is_direct and not tokens.next.is_spaced:
            tokens.fault('#name, .tag, "text", [test], :state, a space, > or the end')
        if len(steps) == MAX_STEPS:
            tokens.fault(f"at most {MAX_STEPS} steps")
        steps.append(parse_step_in(tokens, is_direct=is_direct))
    return Selector(tuple(steps))


def parse_step_in(tokens: Tokens, *, is_direct: bool = False) -> Step:
    """Parse a step that stands in a longer text, as far as it goes. Raises SyntaxFault."""
    kind: str | None = None
    begin = tokens.next.start
    if tokens.next.kind is Kind.NAME:
        kind = tokens.take().text
    elif not tokens.accept("*") and not _is_part(tokens):
        tokens.fault(_FIRST)
    parts = _Parts()
    count = 0
    while _is_part(tokens) and (tokens.next.start == begin or not tokens.next.is_spaced):
        if count == MAX_PARTS:
            tokens.fault(f"at most {MAX_PARTS} parts")
        parts.take(tokens)
        count += 1
    return Step(
        kind,
        tuple(parts.names),
        tuple(parts.tags),
        tuple(parts.texts),
        tuple(parts.contained),
        tuple(parts.tests),
        tuple(parts.states),
        is_direct,
    )


def _is_part(tokens: Tokens) -> bool:
    return tokens.next.kind is Kind.TEXT or tokens.at("#", ".", "~", "[", ":")


class _Parts:
    """Gathers the parts of a step."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.contained: list[str] = []
        self.tests: list[PathTest] = []
        self.states: list[str] = []

    def take(self, tokens: Tokens) -> None:
        """Take a part."""
        if tokens.next.kind is Kind.TEXT:
            self.texts.append(str(tokens.take().value))
        elif tokens.accept("#"):
            self.names.append(_id(tokens, "a name"))
        elif tokens.accept("."):
            self.tags.append(_id(tokens, "a tag"))
        elif tokens.accept("~"):
            self.contained.append(str(tokens.expect_kind(Kind.TEXT).value))
        elif tokens.accept(":"):
            *others, last = STATES
            if not tokens.at(*STATES):
                tokens.fault(f"{', '.join(others)} or {last}")
            self.states.append(tokens.take().text)
        else:
            begin = tokens.expect("[").start
            self.tests.append(_test(tokens))
            if sum(1 + len(test.path.steps) for test in self.tests) > MAX_PATH_STEPS:
                tokens.fault(f"tests with at most {MAX_PATH_STEPS} names and keys", begin)


def _test(tokens: Tokens) -> PathTest:
    is_negated = tokens.accept("not") is not None
    if tokens.next.kind is not Kind.NAME:
        tokens.fault("an attribute of the object")
    path = parse_path_in(tokens)
    operator = parse_operator(tokens)
    literal: Literal = None
    if operator is not None:
        literal = parse_literal(tokens)
    elif not tokens.at("]"):
        tokens.fault("an operator (== != < <= > >= ~) or ]")
    tokens.expect("]")
    return PathTest(path, operator, literal, is_negated)


def _id(tokens: Tokens, expected: str) -> str:
    """A name in which there may be `-`, or a text in quotes. No space is in it, nor before it."""
    if tokens.next.is_spaced:
        tokens.fault(expected)
    if tokens.next.kind is Kind.TEXT:
        return str(tokens.take().value)
    found = tokens.expect_name(expected)
    while not tokens.next.is_spaced and (tokens.next.kind in _IN_IDS or tokens.at("-")):
        found += tokens.take().text
    return found


_IN_IDS: Final = (Kind.NAME, Kind.NUMBER)


def _id_text(name: str) -> str:
    first, *rest = name.split("-")
    is_plain = is_name(first) and all(not part or is_name(f"_{part}") for part in rest)
    return name if is_plain else quoted(name)
