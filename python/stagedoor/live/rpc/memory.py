"""`Memory`: the bytes that a stage keeps for one client, between its messages."""

from __future__ import annotations

from typing import Final

from stagedoor.live.net.threads import Lock
from stagedoor.wire.errors import TooManyRequests

_CALL: Final = 4096
"""A call without params takes about so many bytes."""
_VALUE: Final = 64
"""A value in params takes about so many bytes more than its text."""


class Memory:
    """Counts what calls under way, gathered answers and filters keep. Any thread may call it."""

    def __init__(self, most: int) -> None:
        self.bytes = 0
        """What is kept now."""
        self._most = most
        self._lock = Lock()

    def take(self, size: int) -> None:
        """Count so many bytes more. Raises TooManyRequests if that is too much, and counts none."""
        with self._lock:
            if self.bytes + size > self._most:
                raise TooManyRequests(f"{self._most:,} bytes for calls under way")
            self.bytes += size

    def give(self, size: int) -> None:
        """Count so many bytes less: they are not kept any more."""
        with self._lock:
            self.bytes -= size


def size_of_call(params: bytes | None) -> int:
    """About how many bytes a call keeps while it is under way: its params, as Python objects."""
    if params is None:
        return _CALL
    values = sum(map(params.count, (b",", b"[", b"{")))
    return _CALL + len(params) + _VALUE * values
