"""Many messages to one session, and whether what comes back is what the specification says: every
request with an id is answered exactly once, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from tests.fuzz.jsontext import message
from tests.fuzz.reference import (
    INVALID,
    MAX_NESTING,
    PARSE_ERROR,
    UNCLEAR,
    CannotTellError,
    Expected,
    expect,
    same,
)

from stagedoor._core import read_request, without_deeper
from stagedoor.wire import errors
from stagedoor.wire.jsonrpc import MAX_AROUND

SEPARATOR: Final = b"\x1e"
"""Between the messages of an input: as in RFC 7464, no JSON text has it."""

CODES: Final = frozenset(
    value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)
)

REFUSALS: Final = frozenset(
    {
        errors.METHOD_NOT_FOUND,
        errors.FORBIDDEN,
        errors.TOO_MANY_REQUESTS,
        errors.INVALID_PARAMS,
        errors.INVALID_REQUEST,
    }
)
"""What may come before anybody has seen that the params are no JSON."""

METHODS: Final = [
    "echo", "add", "fail", "leave", "odd", "slow", "steps", "rpc.cancel", "rpc.discover",
    "rpc.nope", "topic.subscribe", "session.authenticate", "game.pause", "__class__", "",
]  # fmt: skip


_NAMES: Final = [json.dumps(name) for name in [*METHODS, *["echo"] * 6, *["slow"] * 3]]


def make(chance: Random) -> bytes:
    """Messages that are nearly right."""
    texts = [message(chance, _NAMES) for _ in range(chance.randrange(1, 9))]
    return SEPARATOR.join(text.encode("utf-8", "surrogatepass") for text in texts)


class Conversation:
    """What is said, and what must be answered."""

    def __init__(self, data: bytes) -> None:
        self.texts: list[str] = []
        self.expected: list[Expected | list[Expected]] = []
        """Answers, in no order; a list is the answer to a batch."""
        for piece in data.split(SEPARATOR):
            try:
                text, expected = piece.decode(), expect(piece)
            except (UnicodeDecodeError, CannotTellError):
                continue
            if without_deeper(text, MAX_NESTING + MAX_AROUND) is not None:
                if expected == PARSE_ERROR:
                    continue  # nobody looks whether what is too deep is JSON
                if isinstance(expected, list) and all(one == INVALID for one in expected):
                    expected = INVALID  # it may be brackets only: one answer says it for all
            self.texts.append(text)
            if expected == PARSE_ERROR and (usual := read_request(text, MAX_NESTING)) is not None:
                # The params are read once, into what the method takes: what is wrong first counts.
                expected = PARSE_ERROR._replace(refused=usual[2])
            answered = _answered(expected)
            if answered is not None:
                self.expected.append(answered)

    def check(self, answers: Sequence[Any]) -> None:
        """Raises AssertionError, if these are not the answers."""
        _match(self.expected, answers)


def _answered(expected: Expected | list[Expected]) -> Expected | list[Expected] | None:
    if isinstance(expected, list):
        return [one for one in expected if one.answered] or None
    return expected if expected.answered else None


def _match(expected: Sequence[Expected | list[Expected]], answers: Sequence[Any]) -> None:
    """To each what is expected one answer that fits, and none left: a matching in a bipartite
    graph, grown by augmenting paths."""
    assert len(answers) == len(expected), (expected, answers)
    taken: dict[int, int] = {}

    def find(which: int, seen: set[int]) -> bool:
        for at, answer in enumerate(answers):
            if at not in seen and _fits(expected[which], answer):
                seen.add(at)
                if at not in taken or find(taken[at], seen):
                    taken[at] = which
                    return True
        return False

    for which, one in enumerate(expected):
        assert find(which, set()), f"no answer to {one} among {answers}"


def _fits(expected: Expected | list[Expected], answer: Any) -> bool:
    if isinstance(expected, list):
        if not isinstance(answer, list) or len(answer) != len(expected):
            return False
        try:
            _match(expected, answer)
        except AssertionError:
            return False
        return True
    if not isinstance(answer, dict) or answer.keys() not in (
        {"jsonrpc", "id", "result"},
        {"jsonrpc", "id", "error"},
    ):
        return False
    ident, code = answer["id"], answer.get("error", {}).get("code")
    if expected.refused is not None and same(ident, expected.refused) and code in REFUSALS:
        return True
    if expected.ident is not UNCLEAR and not same(ident, expected.ident):
        return False
    return code == expected.code if expected.code is not None else code is None or code in CODES
