"""What was seen, as a tree, for speedscope, and as collapsed stacks."""

from __future__ import annotations

import json
from array import array
from types import CodeType
from typing import Any

import pytest

from stagedoor.live.domains.frames import flames
from stagedoor.live.domains.frames.profile import Seen

SECOND = 1_000_000_000


def outer() -> None:
    inner()
    inner()


def inner() -> None:
    pass


CODES = [outer.__code__, inner.__code__]


def packed(*numbers: int) -> bytes:
    return array("I", numbers).tobytes()


def at(code: CodeType, line: int) -> tuple[int, int]:
    """What a stack has of a call that is at this line of the function."""
    start = next(start for start, _, at in code.co_lines() if at == code.co_firstlineno + line)
    return CODES.index(code), start


@pytest.fixture
def seen() -> Seen:
    """`inner` was called from both lines of `outer`, which was seen by itself, too."""
    first, second = at(outer.__code__, 1), at(outer.__code__, 2)
    within = at(inner.__code__, 1)
    seen = Seen(codes=CODES, frames=2, seconds=7.0)
    seen.add(packed(*within, *first), 1 * SECOND)
    seen.add(packed(*within, *second), 2 * SECOND)
    seen.add(packed(*first), 4 * SECOND)
    return seen


def nodes(profile: Any) -> list[tuple[Any, ...]]:
    first = outer.__code__.co_firstlineno
    return [
        (n["parent"], n["function"], n["line"] - first, n["total"], n["own"])
        for n in profile["nodes"]
    ]


def test_a_tree_is_by_function_and_line(seen: Seen) -> None:
    profile = json.loads(flames.made(seen, "tree", "game"))
    below = inner.__code__.co_firstlineno - outer.__code__.co_firstlineno
    assert nodes(profile) == [
        (None, "outer", 1, 5.0, 4.0),
        (0, "inner", below + 1, 1.0, 1.0),
        (None, "outer", 2, 2.0, 0.0),
        (2, "inner", below + 1, 2.0, 2.0),
    ]
    assert {node["file"] for node in profile["nodes"]} == {__file__}
    del profile["nodes"]
    assert profile == {"seconds": 7.0, "samples": 3, "omitted": 0, "frames": 2, "cost": 0.0}


def test_a_tree_has_a_bound(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flames, "MAX_NODES", 1)
    profile = json.loads(flames.made(seen, "tree", "game"))
    assert nodes(profile) == [(None, "outer", 1, 5.0, 5.0)]


def test_speedscope_gets_a_file_of_its_format(seen: Seen) -> None:
    document = json.loads(flames.made(seen, "speedscope", "asteroids"))
    assert document["$schema"] == flames.SCHEMA
    (profile,) = document["profiles"]
    assert (profile["type"], profile["unit"], profile["startValue"]) == ("sampled", "seconds", 0)
    assert profile["endValue"] == sum(profile["weights"]) == 7.0
    names = [frame["name"] for frame in document["shared"]["frames"]]
    assert [[names[at] for at in stack] for stack in profile["samples"]] == [
        ["outer", "inner"],
        ["outer", "inner"],
        ["outer"],
    ]
    assert len(document["shared"]["frames"]) == 3, "one for each line"
    assert {frame["file"] for frame in document["shared"]["frames"]} == {__file__}


def test_collapsed_stacks_are_lines_with_microseconds(seen: Seen) -> None:
    text = json.loads(flames.made(seen, "collapsed", "game"))
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines())
    assert sorted(map(int, lines.values())) == [1_000_000, 2_000_000, 4_000_000]
    assert all(line.startswith("outer (test_flames.py:") for line in lines)


@pytest.mark.parametrize("format", ["tree", "speedscope", "collapsed"])
def test_nothing_seen_is_an_empty_profile(format: Any) -> None:
    assert json.loads(flames.made(Seen(), format, "game")) is not None


@pytest.mark.parametrize("format", ["tree", "speedscope", "collapsed"])
def test_a_name_that_is_no_utf8_is_escaped(format: Any) -> None:
    code = compile("pass", "odd\udce9;name.py", "exec")
    seen = Seen(codes=[code])
    seen.add(packed(0, 0), SECOND)
    assert "odd\\\\udce9" in flames.made(seen, format, "game").decode()


def test_names_may_be_long_and_have_anything_in_them() -> None:
    code = compile("pass", "f;\n" * 1000, "exec").replace(co_name="a;b\nc", co_qualname="q\n" * 999)
    seen = Seen(codes=[code])
    seen.add(packed(0, 0), SECOND)
    text = json.loads(flames.made(seen, "collapsed", "game"))
    assert text.count("\n") == 1
    assert ";" not in text
    (node,) = json.loads(flames.made(seen, "tree", "game"))["nodes"]
    assert (len(node["function"]), len(node["file"])) == (flames.MAX_NAME, flames.MAX_FILE)
