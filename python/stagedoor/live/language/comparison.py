"""Comparisons, as selectors and conditions have them: `hp < 10`, `name == "boss"`.

    comparison = left (operator literal)?
    operator   = "==" | "!=" | "<" | "<=" | ">" | ">=" | "~"
    literal    = text | "-"? number | True | False | None

Without an operator, the value must be true. `~` says that a text contains the other, in upper or
lower case. Values of different kinds are not equal, and none is less than the other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from stagedoor.live.language.tokens import Kind, Tokens, quoted

Literal: TypeAlias = str | int | float | bool | None

_CONSTANTS: Final[Mapping[str, Literal]] = MappingProxyType(
    {"True": True, "False": False, "None": None}
)


def _contains(left: str, right: str) -> bool:
    return right.casefold() in left.casefold()


OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<=": operator.le,
        ">=": operator.ge,
        "<": operator.lt,
        ">": operator.gt,
        "~": _contains,
    }
)


def parse_operator(tokens: Tokens) -> str | None:
    """Take an operator, if one comes next."""
    found = tokens.accept(*OPERATORS)
    return None if found is None else found.text


def parse_literal(tokens: Tokens) -> Literal:
    """Parse a value that is written down. Raises SyntaxFault."""
    token = tokens.next
    if token.kind is Kind.TEXT:
        return tokens.take().value
    if token.kind is Kind.NAME and token.text in _CONSTANTS:
        return _CONSTANTS[tokens.take().text]
    if tokens.accept("-"):
        value = tokens.expect_kind(Kind.NUMBER).value
        assert not isinstance(value, str)
        return -value
    return tokens.expect_kind(Kind.NUMBER, "a number, a text in quotes, True, False or None").value


def literal_text(value: Literal) -> str:
    """A value as it is written down."""
    return quoted(value) if isinstance(value, str) else repr(value)


def compare(left: Literal, symbol: str, right: Literal) -> bool:
    """Whether a comparison holds. Both sides have the exact types of literals."""
    if isinstance(left, str) != isinstance(right, str) or (left is None) != (right is None):
        return symbol == "!="
    if left is None:
        return symbol == "=="
    return (isinstance(left, str) or symbol != "~") and OPERATORS[symbol](left, right)
