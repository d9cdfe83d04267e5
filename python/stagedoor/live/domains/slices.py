"""`in_slices()`: a long list as JSON, made a slice at a time: no frame waits for all of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import Any, Final

from msgspec import Raw

from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.wire.errors import InternalError
from stagedoor.wire.size import MAX_ANSWER

TIMEOUT: Final = 30.0
"""Seconds for a method whose answer is made in many slices: a slow game has few frames."""
SLICE: Final = 64
"""How many items are made and encoded at a time. It takes less than a millisecond."""


def in_slices(
    encode: Callable[[Any], bytes], items: Iterable[Any], size: int = SLICE
) -> Generator[object, None, Raw]:
    """The items as a JSON array. A method that is a generator returns it as a list:
    `cast(list[Any], (yield from in_slices(...)))`.

    `items` may be an iterator that makes each when it is taken. Raises InternalError if they are
    too large for any answer.
    """
    rest = iter(items)
    pieces: list[bytes] = []
    total = 0
    while found := list(islice(rest, size)):
        if pieces:
            yield THIS_FRAME
        piece = encode(found)[1:-1]
        total += len(piece)
        if total > MAX_ANSWER:
            raise InternalError(f"the list has more than {MAX_ANSWER:,} bytes: ask for fewer items")
        pieces.append(piece)
    return Raw(b"[" + b",".join(pieces) + b"]")
