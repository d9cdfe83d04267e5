"""Transcripts: `-->` comes in, `<--` goes out, and nothing else does.

`transcripts/` has the examples of the JSON-RPC 2.0 specification (section 7). `"..."` stands for
any value: the specification leaves an error's data to the server.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import FakeConnection, connect, new_hub

FOLDER = Path(__file__).parent / "transcripts"
ANYTHING = "..."


@pytest.fixture
def connection() -> FakeConnection:
    hub = new_hub()

    def subtract(minuend: int, subtrahend: int) -> int:
        return minuend - subtrahend

    def total(a: int, b: int, c: int) -> int:
        return a + b + c

    def update(a: int, b: int, c: int, d: int, e: int) -> None: ...

    hub.methods.add(subtract)
    hub.methods.add(total, "sum")
    hub.methods.add(total, "notify_sum")
    hub.methods.add(update)
    hub.methods.add(lambda value: None, "notify_hello")
    hub.methods.add(lambda: ["hello", 5], "get_data")
    return connect(hub)


def matches(expected: Any, found: Any) -> bool:
    if expected == ANYTHING:
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(
            matches(expected[key], found[key]) for key in expected
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(matches, expected, found))
    return type(expected) is type(found) and bool(expected == found)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.txt")), ids=lambda file: file.stem)
def test_goes_as_written(file: Path, connection: FakeConnection) -> None:
    answers: list[Any] = []
    for line in file.read_text().splitlines():
        arrow, text = line[:4], line[4:]
        if arrow == "--> ":
            assert answers == [], f"before {text}"
            connection.deliver(text)
            answers = connection.messages()
        else:
            assert arrow == "<-- "
            expected = json.loads(text)
            assert answers, f"no answer; expected {text}"
            found = answers.pop(0)
            assert matches(expected, found), found
    assert answers == []


def test_there_are_all_of_the_specification() -> None:
    assert len(list(FOLDER.glob("*.txt"))) >= 12
