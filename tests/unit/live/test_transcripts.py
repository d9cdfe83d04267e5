"""Transcripts of each feature, over a real socket: `-->` is sent, `<--` comes, nothing else does.

In `transcripts/`, a line `@ viewer` says with which token the client comes (`@ nobody`: with none;
without such a line it is an operator's), `#` begins a comment. In what comes, `"..."` stands for
any value, as a member's name for any more members, in an array for any more elements; `"$name"` for
any value, too, which `"$name"` then is in what is sent. `"$viewer"`, `"$operator"` and `"$admin"`
are the tokens.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.stage import Stage
from stagedoor.wire.roles import ROLE_NAMES

FOLDER = Path(__file__).parent / "transcripts"
REST = "..."


@dataclass
class Point:
    x: float
    y: float


def add_methods(stage: Stage) -> None:
    rocks: list[str] = []

    @stage.rpc
    def spawn(kind: Literal["big", "small"], count: int = 1, *, at: Point | None = None) -> int:
        """Add rocks; returns how many there are.

        >>> spawn(kind="big", count=3)
        3
        """
        rocks.extend([kind] * count)
        return len(rocks)

    @stage.rpc(role="viewer")
    def fail() -> None:
        raise LookupError("no such rock")

    @stage.rpc(role="viewer")
    def load(steps: int) -> Iterator[float]:
        for step in range(1, steps + 1):
            yield step / steps
        return "loaded"

    @stage.rpc(timeout=0.05)
    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    @stage.rpc(timeout=None)
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    @stage.rpc
    def explode(*, times: int) -> None:
        for number in range(1, times + 1):
            stage.emit("explosion", {"number": number})

    @stage.rpc
    def learn() -> None:
        stage.rpc(name="learnt")(lambda: None)

    @stage.rpc
    def forget() -> None:
        stage.unwatch("explosion")

    stage._hub.topics.add("explosion", description="Each that happens.", history=2)
    stage.watch("rocks", lambda: len(rocks))


class Transcript:
    """One file, played to a stage."""

    def __init__(self, file: Path, stage: Stage) -> None:
        lines = file.read_text().splitlines()
        self.lines = [line for line in lines if line and not line.startswith("#")]
        self.role: Any = "operator"
        if self.lines[0].startswith("@ "):
            role = self.lines.pop(0)[2:]
            self.role = None if role == "nobody" else role
        self.known: dict[str, Any] = {
            f"${role}": stage._hub.keys.tokens.of(role) for role in ROLE_NAMES
        }

    def play(self, caller: Caller) -> None:
        for line in self.lines:
            arrow, text = line[:4], line[4:]
            if arrow == "--> ":
                for name, value in self.known.items():
                    text = text.replace(f'"{name}"', json.dumps(value))
                caller.client.send(text)
            else:
                assert arrow == "<-- ", line
                found = caller.receive()
                assert self.matches(json.loads(text), found), f"{found}\ncame, not\n{text}"

    def matches(self, expected: Any, found: Any) -> bool:
        if expected == REST:
            return True
        if isinstance(expected, str) and expected.startswith("$"):
            self.known[expected] = found
            return True
        if isinstance(expected, dict) and isinstance(found, dict):
            wanted = {key: value for key, value in expected.items() if key != REST}
            is_whole = REST in expected or wanted.keys() == found.keys()
            return is_whole and all(
                key in found and self.matches(value, found[key]) for key, value in wanted.items()
            )
        if isinstance(expected, list) and isinstance(found, list):
            if REST not in expected:
                return len(expected) == len(found) and all(map(self.matches, expected, found))
            left = iter(found)
            wanted_elements = [element for element in expected if element != REST]
            return all(any(self.matches(w, f) for f in left) for w in wanted_elements)
        return type(expected) is type(found) and bool(expected == found)


FILES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_goes_as_written(file: Path, start: Start) -> None:
    stage = start()
    add_methods(stage)
    transcript = Transcript(file, stage)
    with Caller(stage, transcript.role) as caller:
        transcript.play(caller)
        for _ in range(5):
            stage.tick(0.0)
        caller.client.send('{"jsonrpc": "2.0", "method": "no.more", "id": "end"}')
        assert caller.receive()["id"] == "end", "nothing else came"


def test_there_is_one_of_each_feature() -> None:
    assert {file.stem for file in FILES} >= {
        "authentication",
        "batch",
        "cancel",
        "discover",
        "errors",
        "frame_batch",
        "methods_changed",
        "notifications",
        "progress",
        "requests",
        "roles",
        "tickets",
        "timeout",
        "topics",
        "topics_ended",
        "topics_history",
    }
