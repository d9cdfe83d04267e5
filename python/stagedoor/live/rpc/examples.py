"""`read_docstring()`: splits a function's docstring into its text and its examples.

Examples are written as in Python's own documentation:

    >>> spawn("big", count=3)
    12

An example is a call of the function with values that JSON can carry, and the result, which may be
left out. Anything else stays in the text.
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
    """The arguments, by the parameters' names."""
    result: Any
    """`NO_RESULT` if the docstring has none."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """The parts of a docstring."""

    summary: str
    """Its first line."""
    description: str
    """The rest of its text."""
    examples: list[Example]


NO_RESULT: Any = object()


def read_docstring(function: Callable[..., Any], parameters: list[str]) -> Docstring:
    """The parts of the function's docstring. `parameters`: those that a caller fills, in order.

    If the examples cannot be parsed, the whole docstring is text. Raises nothing."""
    text = _documentation(function)
    examples = []
    if ">>>" in text:
        try:
            parts = _parser.parse(text)
        except ValueError:  # doctest does not accept the white space
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


def _documentation(function: Callable[..., Any]) -> str:
    try:
        return inspect.getdoc(function) or ""
    except Exception:  # of an object that can be called, and whose class is the game's
        return ""


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
    except Exception:  # of what is no literal, and of the function's own attributes
        return None
    return Example(arguments, result)
