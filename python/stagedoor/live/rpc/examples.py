"""`read_docstring()`: what a docstring tells of a function, its examples apart.

Examples are written as Python's own documentation writes them:

    >>> spawn("big", count=3)
    12

A call of the function with values that JSON can carry, and, where it is there, the result. What
is not like that is left in the text.
"""

from __future__ import annotations

import ast
import doctest
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_parser = doctest.DocTestParser()


@dataclass(frozen=True, slots=True)
class Example:
    """A call, and what it returned."""

    arguments: dict[str, Any]
    """By the parameters' names."""
    result: Any
    """`NO_RESULT` where the docstring has none."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring tells."""

    summary: str
    """Its first line."""
    description: str
    """The rest of its text."""
    examples: list[Example]


NO_RESULT: Any = object()


def read_docstring(function: Callable[..., Any], parameters: list[str]) -> Docstring:
    """The function's docstring in its parts; `parameters` are those that a caller fills, in order.

    A docstring that cannot be read as one with examples is all text. Raises nothing."""
    text = inspect.getdoc(function) or ""
    examples = []
    if ">>>" in text:
        try:
            parts = _parser.parse(text)
        except ValueError:  # of doctest, about white space
            parts = [text]
        kept = []
        for part in parts:
            if isinstance(part, str):
                kept.append(part)
            elif (example := _example(part, function, parameters)) is not None:
                examples.append(example)
            else:
                kept.append(f">>> {part.source}{part.want}")
        text = "".join(kept).rstrip()
    summary, _, description = text.partition("\n")
    return Docstring(summary, inspect.cleandoc(description), examples)


def _example(
    part: doctest.Example, function: Callable[..., Any], parameters: list[str]
) -> Example | None:
    try:
        call = ast.parse(part.source.strip(), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return None
        if call.func.id != getattr(function, "__name__", None) or len(call.args) > len(parameters):
            return None
        arguments = {
            name: ast.literal_eval(value)
            for name, value in zip(parameters, call.args, strict=False)
        }
        for keyword in call.keywords:
            if keyword.arg not in parameters or keyword.arg in arguments:
                return None
            arguments[keyword.arg] = ast.literal_eval(keyword.value)
        result = ast.literal_eval(part.want.strip()) if part.want.strip() else NO_RESULT
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return Example(arguments, result)
