"""Docstrings: summary, description, and the examples in them."""

from __future__ import annotations

from typing import Any

import pytest

from stagedoor.live.rpc.examples import NO_RESULT, Example, read_docstring


def read(docstring: str | None) -> Any:
    def spawn() -> None: ...

    spawn.__doc__ = docstring
    return read_docstring(spawn, ["kind", "count"])


def test_without_examples_all_is_text() -> None:
    found = read("Make rocks.\n\n    As many\n    as you like.\n    ")
    assert (found.summary, found.description) == ("Make rocks.", "As many\nas you like.")
    assert found.examples == []
    assert read(None).summary == ""


def test_an_example_is_a_call_of_the_function_and_its_result() -> None:
    found = read(
        """Make rocks.

        >>> spawn("big", 3)
        {"rocks": [1, 2, 3]}
        >>> spawn("small", count=-1)
        >>> spawn()

        More text.
        """
    )
    assert found.examples == [
        Example({"kind": "big", "count": 3}, {"rocks": [1, 2, 3]}),
        Example({"kind": "small", "count": -1}, NO_RESULT),
        Example({}, NO_RESULT),
    ]
    assert found.description == "More text."


@pytest.mark.parametrize(
    "line",
    [
        ">>> other(1)",
        ">>> spawn(world)",
        ">>> spawn(1, 2, 3)",
        ">>> spawn(speed=1)",
        ">>> spawn(1, kind=2)",
        ">>> spawn(*[1])",
        ">>> spawn(**{'kind': 1})",
        ">>> spawn(1) + 1",
        ">>> spawn(",
        ">>> import os",
        ">>>spawn(1)",
        ">>> spawn(1)\n        <object>",
        ">>> spawn(" + "[" * 500,
    ],
    ids=lambda line: line[:25],
)
def test_what_is_no_such_call_stays_in_the_text(line: str) -> None:
    found = read(f"Make rocks.\n\n        {line}\n        ")
    assert found.examples == []
    assert found.description == line.replace("\n        ", "\n")
