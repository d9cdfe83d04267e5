"""What a `Sampler` has seen, as a tree, for speedscope, and as collapsed stacks.

For a thread of its own: what takes long is done in small parts, and the GIL let go in between.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from time import sleep
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from stagedoor.live.domains.frames.profile import Seen, Stack
from stagedoor.wire.text import exact

MAX_NODES: Final = 20_000
"""The most nodes of a tree. The time of deeper calls is that of the node above."""
MAX_NAME: Final = 200
MAX_FILE: Final = 1000
"""Characters of a function's name, and of a file's, from its end."""
_APART: Final = str.maketrans(";\r\n", ",  ")
"""What would end a call of a collapsed stack."""
_AT_ONCE: Final = 128
"""So many stacks or nodes are made one after the other."""
_NS: Final = 1e9
ProfileFormat: TypeAlias = Literal["tree", "speedscope", "collapsed"]
SCHEMA: Final = "https://www.speedscope.app/file-format-schema.json"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProfileNode:
    """A line of a function that was on the stack, called from the node above. Seconds."""

    parent: int | None
    """Which of the nodes has called it: its place in the list, before this one. Null: the
    outermost."""
    function: str
    """With the classes and functions that it is in."""
    file: str
    line: int
    total: float
    """How long it was on the stack there."""
    own: float
    """How much of that it was the innermost."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the game's thread did. Durations in seconds."""

    seconds: float
    """How long it was looked at."""
    samples: int
    """How often it was seen where it is told here."""
    omitted: int
    """Looks that are left out, because there were too many different stacks."""
    frames: int
    """How many frames these are from."""
    cost: float
    """Processor time that looking took: the game had so much less."""
    nodes: list[ProfileNode]
    """The tree: each node after the one above it."""


class Call(NamedTuple):
    """A function, and a line in it."""

    function: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.function} ({os.path.basename(self.file)}:{self.line})"


def made(seen: Seen, format: ProfileFormat, name: str) -> bytes:
    """The profile as JSON. `name`: the game's."""
    match format:
        case "tree":
            return tree(seen)
        case "speedscope":
            return speedscope(seen, name)
        case "collapsed":
            return collapsed(seen)


def tree(seen: Seen) -> bytes:
    """A `Profile`."""
    calls = _Calls(seen)
    nodes: list[list[Any]] = []  # [parent, call, total, own]
    places: dict[tuple[int | None, Call], int] = {}
    for stack, duration in _in_parts(seen.stacks.items()):
        at: int | None = None
        for call in calls.of(stack):
            place = places.get((at, call))
            if place is None:
                if len(nodes) >= MAX_NODES:
                    break
                place = places[at, call] = len(nodes)
                nodes.append([at, call, 0, 0])
            nodes[place][2] += duration
            at = place
        if at is not None:
            nodes[at][3] += duration
    made = (
        ProfileNode(at, call.function, call.file, call.line, total / _NS, own / _NS)
        for at, call, total, own in nodes
    )
    profile = Profile(
        seen.seconds, seen.samples, seen.omitted, seen.frames, seen.cost, cast(Any, _json(made))
    )
    return msgspec.json.encode(profile)


def speedscope(seen: Seen, name: str) -> bytes:
    """A document for https://www.speedscope.app, which reads it without sending it anywhere."""
    calls = _Calls(seen)
    indexes: dict[Call, int] = {}
    samples: list[list[int]] = []
    weights: list[float] = []
    for stack, duration in _in_parts(seen.stacks.items()):
        samples.append([indexes.setdefault(call, len(indexes)) for call in calls.of(stack)])
        weights.append(duration / _NS)
    frames = ({"name": c.function, "file": c.file, "line": c.line} for c in indexes)
    profile = {
        "type": "sampled",
        "name": name,
        "unit": "seconds",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": _json(samples),
        "weights": _json(weights),
    }
    document = {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "stagedoor",
        "shared": {"frames": _json(frames)},
        "profiles": [profile],
    }
    return msgspec.json.encode(document)


def collapsed(seen: Seen) -> bytes:
    """A text as JSON, with a line for each stack: its calls from the outermost on, with `;` in
    between, a space, and microseconds. This is what flamegraph.pl and others read."""
    calls = _Calls(seen)
    lines: dict[str, int] = {}
    for stack, duration in _in_parts(seen.stacks.items()):
        line = ";".join(str(call).translate(_APART) for call in calls.of(stack))
        lines[line] = lines.get(line, 0) + duration
    return msgspec.json.encode("".join(f"{line} {ns // 1000}\n" for line, ns in lines.items()))


class _Calls:
    """The calls of a stack, from the outermost on."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._lines: dict[int, tuple[list[int], list[int]]] = {}
        """For each code, the starts of its parts, and their lines."""
        self._known: dict[tuple[int, int], Call] = {}

    def of(self, stack: Stack) -> Iterator[Call]:
        for key in self._seen.calls(stack):
            if (call := self._known.get(key)) is None:
                code = self._seen.codes[key[0]]
                function = exact(code.co_qualname[:MAX_NAME])
                file = exact(code.co_filename[-MAX_FILE:])
                call = self._known[key] = Call(function, file, self._line(*key))
            yield call

    def _line(self, number: int, offset: int) -> int:
        code = self._seen.codes[number]
        if number not in self._lines:
            parts = [(start, line) for start, _, line in code.co_lines() if line is not None]
            self._lines[number] = [start for start, _ in parts], [line for _, line in parts]
        starts, lines = self._lines[number]
        place = bisect_right(starts, offset) - 1
        return lines[place] if place >= 0 else code.co_firstlineno


def _in_parts(items: Iterable[T]) -> Iterator[T]:
    """The same items. The GIL is let go now and then."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _AT_ONCE == 0:
            sleep(0)


def _json(
    items: Iterable[object], encode: Callable[[object], bytes] = msgspec.json.encode
) -> msgspec.Raw:
    """The items as a JSON array."""
    parts: list[bytes] = []
    rest = iter(items)
    while found := list(islice(rest, _AT_ONCE)):
        parts.append(encode(found)[1:-1])
        sleep(0)
    return msgspec.Raw(b"[" + b",".join(parts) + b"]")
