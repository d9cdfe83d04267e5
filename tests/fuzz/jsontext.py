"""JSON texts by chance, right, almost right and wrong, and JSON-RPC messages made of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Final

STRINGS: Final = [
    '""', '"a"', '"\\""', '"\\\\"', '"\\u00e9"', '"\\ud83d\\ude00"', '"\\ud800"',
    '"\\udc00\\ud800"', '"\\u12"', '"\\x"', '"\x00"', '"\n"', '"\x7f"', '"[{"', '"\\/"', '"é😀"',
    "'a'", '"a', '"\\b\\f\\n\\r\\t"', '"\\uD83D\\u0041"', '"\u2028"', '"\ufffe"',
]  # fmt: skip

NUMBERS: Final = [
    "0", "1", "-1", "7", "-0", "0.0", "0.5", "1e2", "1E+2", "1e-400", "1e400", "-1e400", "01",
    "1.", ".5", "+1", "1e", "-", "NaN", "Infinity", "-Infinity", "0x10", "1_0", "9" * 25,
    "9" * 400, str(2**53 + 1), str(2**63 - 1), str(2**63), str(2**64 - 1), str(2**64),
    str(-(2**63)), str(-(2**63) - 1), "0.1000000000000000055511151231257827", "2.0", "1.0",
]  # fmt: skip

RARE: Final = ["9" * 4000, "9" * 5000, "nul", "True", "", " ", "\ufeff1", "/**/1", "1 2", "[1,]"]

SPACE: Final = [" ", "  ", "\n", "\t", "\r", "\r\n", "\f", "\xa0", "\ufeff"]

NAMES: Final = ["x", "result", "", "ID", "params ", "Method", "jsonrpc\\u0000"]

ESCAPED: Final = [
    '"\\u0069d"',
    '"m\\u0065thod"',
    '"jsonrp\\u0063"',
    "id",
    '"\\ud800"',
    '"par\\ams"',
]


def string(chance: Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(STRINGS)
    length = chance.choice([0, 1, 2, 8, 40])
    letters = "".join(chr(chance.choice([97, 98, 32, 0xE9, 0x1F600])) for _ in range(length))
    return json.dumps(letters, ensure_ascii=chance.random() < 0.5)


def scalar(chance: Random) -> str:
    kind = chance.random()
    if kind < 0.4:
        return string(chance)
    if kind < 0.8:
        return chance.choice(NUMBERS)
    if kind < 0.97:
        return chance.choice(["null", "true", "false"])
    return chance.choice(RARE)


def value(chance: Random, depth: int = 0) -> str:
    kind = chance.random()
    if depth > 3 or kind < 0.5:
        return scalar(chance)
    if kind < 0.55:
        opening, closing = chance.choice([("[", "]"), ('{"a":', "}"), ('[{"":', "}]")])
        times = chance.choice([1, 31, 32, 33, 62, 63, 64, 65, 66, 150, 251, 500])
        return opening * times + chance.choice(["", "1", '"]"']) + closing * times
    members = [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind < 0.8:
        return "[" + ",".join(members) + "]"
    return "{" + ",".join(f"{string(chance)}:{member}" for member in members) + "}"


def ident(chance: Random) -> str:
    kind = chance.random()
    if kind < 0.5:
        return str(chance.randrange(10))
    if kind < 0.7:
        return chance.choice(['"a"', '"b"', '""', "null", "1.0", "1.5"])
    return value(chance)


def request(chance: Random, methods: Sequence[str]) -> str:
    """An object that is nearly always a request, or almost one. `methods` are JSON texts."""
    members = [('"jsonrpc"', '"2.0"'), ('"method"', chance.choice(methods))]
    if chance.random() < 0.7:
        usual = chance.choice(["[]", "{}", "[1]", "[1,2]", '{"a":1}', '{"value":"x"}'])
        members.append(('"params"', usual if chance.random() < 0.5 else value(chance)))
    if chance.random() < 0.8:
        members.append(('"id"', ident(chance)))
    while chance.random() < 0.2:  # something is as it should not be
        kind = chance.randrange(6)
        if kind == 0:
            members.append(chance.choice(members))
        elif kind == 1 and len(members) > 1:
            members.remove(chance.choice(members))
        elif kind == 2:
            members.append((f'"{chance.choice(NAMES)}"', value(chance)))
        elif kind == 3:
            members.append((chance.choice(ESCAPED), scalar(chance)))
        elif kind == 4:
            at = chance.randrange(len(members))
            members[at] = (members[at][0], value(chance))
        else:
            chance.shuffle(members)

    def space() -> str:
        return chance.choice(SPACE) if is_spaced and chance.random() < 0.3 else ""

    is_spaced = chance.random() < 0.2
    inside = ",".join(
        f"{space()}{name}{space()}:{space()}{member}{space()}" for name, member in members
    )
    return space() + "{" + inside + "}" + space()


def message(chance: Random, methods: Sequence[str]) -> str:
    """A request, a batch, or what is neither."""
    kind = chance.random()
    if kind < 0.7:
        return request(chance, methods)
    if kind < 0.75:
        return value(chance)
    members = [
        request(chance, methods) if chance.random() < 0.8 else value(chance)
        for _ in range(chance.choice([0, 1, 1, 2, 3, 4]))
    ]
    return "[" + ",".join(members * chance.choice([1] * 20 + [25, 100])) + "]"
