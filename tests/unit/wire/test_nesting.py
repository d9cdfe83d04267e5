"""How deep a JSON text goes."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from stagedoor.wire.nesting import is_nested_deeper


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("5", 0),
        ("[]", 1),
        ("{}", 1),
        ('{"a": [1, {"b": [[]]}]}', 5),
        ("[[],[],[[]],[]]", 3),
        ('["[[[[[[[["]', 1),
        (r'["\"[[[[", "\\", ["]]]"]]', 2),
        ('{"[[[[": {"{{{{": "]]}}"}}', 2),
    ],
)
def test_is_counted_by_brackets_outside_of_strings(text: str, depth: int) -> None:
    padded = text.replace("5", "5" + " " * 20).replace("]", "]" + " " * 20).encode()
    assert not is_nested_deeper(padded, depth)
    assert depth == 0 or is_nested_deeper(padded, depth - 1)


def test_the_answer_is_that_of_a_walk() -> None:
    chance = random.Random(1)

    def value(left: int) -> Any:
        if left == 0 or chance.random() < 0.2:
            return chance.choice([1, "x[", '"{', "\\", None])
        members = [value(left - 1) for _ in range(chance.randrange(4))]
        return members if chance.random() < 0.5 else {f"[{n}": m for n, m in enumerate(members)}

    def depth(found: Any) -> int:
        if isinstance(found, dict):
            found = list(found.values())
        return 1 + max(map(depth, found), default=0) if isinstance(found, list) else 0

    for _ in range(500):
        found = value(chance.randrange(12))
        text = json.dumps(found, indent=chance.choice([None, 1])).encode()
        for limit in range(1, 12):
            assert is_nested_deeper(text, limit) is (depth(found) > limit), text
