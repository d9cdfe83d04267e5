"""Conditions over a game's values and its screen: `parse_condition("len(world.rocks) > 50")`.

    condition  = all ("or" all)*
    all        = one ("and" one)*
    one        = "not" one | "(" condition ")" | comparison
    comparison = operand (operator operand)?
    operand    = literal | "len" "(" things ")" | things
    things     = path | selector

Operators and literals: see `comparison.py`. Without an operator, the value must be true, and of a
selector there must be something on the screen; `len` of one says how much.

A name begins a path, as in `world.rocks[3].hp`, unless what follows can only be part of a selector:
`Enemy[hp<0]`, `Enemy#boss`, `Button:hidden`. So do `#start`, `*`, a text that is compared with
nothing, as `"New game"`, and a lone name that is not a root's, as `Enemy`. Any other selector
stands in `find("...")`: `len(find("Window > Button")) > 1`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from stagedoor.live.language.comparison import (
    OPERATORS,
    Literal,
    literal_text,
    parse_literal,
    parse_operator,
)
from stagedoor.live.language.path import Path, parse_path_in
from stagedoor.live.language.selector import Selector, Step, parse_selector, parse_step_in
from stagedoor.live.language.tokens import Kind, SyntaxFault, Tokens, quoted

MAX_NESTING: Final = 32
"""How deep parentheses and `not` may be in each other."""
MAX_COMPARISONS: Final = 32
"""The most comparisons of a condition."""
MAX_STEPS: Final = 64
"""The most steps of all paths of a condition."""
_CONSTANTS: Final = ("None", "True", "False")
_WORDS: Final = ("and", "or", "not")
_FIRST: Final = "a path, a selector, len(...), a number or a text in quotes"


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is written down."""

    value: Literal

    def __str__(self) -> str:
        return literal_text(self.value)


@dataclass(frozen=True, slots=True)
class Found:
    """What a selector finds."""

    selector: Selector

    def __str__(self) -> str:
        return f"find({quoted(str(self.selector))})"


@dataclass(frozen=True, slots=True)
class Length:
    """How many items something has, or how many things a selector finds."""

    of: Path | Found

    def __str__(self) -> str:
        return f"len({self.of})"


Operand: TypeAlias = Constant | Path | Found | Length


@dataclass(frozen=True, slots=True)
class Comparison:
    """Without an operator, the left side must be true."""

    left: Operand
    operator: str | None = None
    right: Operand = Constant(None)

    def __str__(self) -> str:
        return str(self.left) + (f" {self.operator} {self.right}" if self.operator else "")


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    of: Condition

    def __str__(self) -> str:
        return f"not ({self.of})"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of them must hold."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of them must hold."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" for part in self.parts)


Condition: TypeAlias = Comparison | Not | AllOf | AnyOf


def parse_condition(text: str, is_root: Callable[[str], bool] = lambda _: True) -> Condition:
    """Parse a condition. `is_root`: whether a name is that of a root; a lone name that is none is a
    class, as in `len(Enemy)`. Raises SyntaxFault, also at a path without a root."""
    parser = _Parser(Tokens(text), is_root)
    condition = parser.condition(0)
    parser.tokens.expect_end("and, or, an operator (== != < <= > >= ~) or the end")
    return condition


class _Parser:
    def __init__(self, tokens: Tokens, is_root: Callable[[str], bool]) -> None:
        self.tokens = tokens
        self._is_root = is_root
        self._comparisons = 0
        self._steps = 0

    def condition(self, nesting: int) -> Condition:
        parts = [self._all(nesting)]
        while self.tokens.accept("or"):
            parts.append(self._all(nesting))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self, nesting: int) -> Condition:
        parts = [self._one(nesting)]
        while self.tokens.accept("and"):
            parts.append(self._one(nesting))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self, nesting: int) -> Condition:
        tokens = self.tokens
        if nesting > MAX_NESTING:
            tokens.fault(f"parentheses and not at most {MAX_NESTING} deep")
        if tokens.accept("not"):
            return Not(self._one(nesting + 1))
        if tokens.accept("("):
            inner = self.condition(nesting + 1)
            tokens.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        tokens = self.tokens
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            tokens.fault(f"at most {MAX_COMPARISONS} comparisons")
        left = self._operand(is_right=False)
        operator = parse_operator(tokens)
        if operator is None:
            return Comparison(left)
        return Comparison(left, operator, self._operand(is_right=True))

    def _operand(self, *, is_right: bool) -> Operand:
        tokens = self.tokens
        if tokens.at(*_WORDS, ")") or tokens.next.kind is Kind.END:
            tokens.fault(_FIRST)
        if tokens.next.kind is Kind.TEXT:
            after = tokens.ahead(1)
            if is_right or (after.kind is Kind.SYMBOL and after.text in OPERATORS):
                return Constant(tokens.take().value)
            return self._things()
        if tokens.next.kind is Kind.NUMBER or tokens.at("-", *_CONSTANTS):
            return Constant(parse_literal(tokens))
        if tokens.at("len") and tokens.ahead(1).text == "(":
            tokens.take()
            tokens.take()
            things = self._things()
            tokens.expect(")")
            return Length(things)
        return self._things()

    def _things(self) -> Path | Found:
        tokens = self.tokens
        if tokens.at("find") and tokens.ahead(1).text == "(":
            tokens.take()
            tokens.take()
            return Found(self._quoted_selector())
        if self._begins_selector():
            return Found(Selector((parse_step_in(tokens),)))
        if tokens.next.kind is not Kind.NAME:
            tokens.fault(_FIRST)
        begin = tokens.next.start
        path = parse_path_in(tokens)
        self._steps += 1 + len(path.steps)
        if self._steps > MAX_STEPS:
            tokens.fault(f"paths of at most {MAX_STEPS} steps in all", begin)
        if self._is_root(path.root):
            return path
        if path.steps:
            tokens.fault("the name of a root", begin)
        return Found(Selector((Step(path.root),)))

    def _begins_selector(self) -> bool:
        tokens = self.tokens
        if tokens.next.kind is Kind.TEXT or tokens.at("#", "*", ":", "[", "."):
            return True
        first, second = tokens.ahead(1), tokens.ahead(2)
        if tokens.next.kind is not Kind.NAME or first.is_spaced:
            return False
        if first.text == "[" and first.kind is Kind.SYMBOL:
            return second.kind is Kind.NAME and second.text not in _CONSTANTS
        return first.kind is Kind.SYMBOL and first.text in ("#", ":")

    def _quoted_selector(self) -> Selector:
        tokens = self.tokens
        text = tokens.expect_kind(Kind.TEXT, "a selector in quotes")
        try:
            selector = parse_selector(str(text.value))
        except SyntaxFault as fault:
            # The place in the whole text, if there are no escapes before it.
            raise SyntaxFault(
                tokens.text, text.start + 1 + fault.position, fault.expected
            ) from None
        tokens.expect(")")
        return selector
