"""`Audit`: what callers have changed, and what they were refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from time import monotonic, time
from typing import Final, NamedTuple, TypeAlias

from stagedoor.live.topics.topics import Topics
from stagedoor.wire.roles import Role, RoleName

TOPIC: Final = "sessions.audit"
KEPT: Final = 1000
"""Entries; older ones are forgotten."""
MAX_PARAMS: Final = 200
"""Bytes of a call's params that are kept; with what is around them, an entry is bounded."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A call that may have changed something, or was refused."""

    number: int
    """Counts the entries from 1."""
    time: float
    """When it ended: seconds since the epoch."""
    session: int
    """The caller's session."""
    address: str
    """Where it came from, with its port."""
    role: RoleName | None
    """What the caller was then; null: nobody yet."""
    method: str
    params: str | None
    """As JSON, cut after 200 bytes; null where there were none, and for methods that take
    secrets."""
    error: int | None
    """The code of the error that it was answered with; null: it went well."""
    duration: float
    """Seconds."""


class Caller(NamedTuple):
    """Who has called."""

    session: int
    address: str
    role: Role | None


_Record: TypeAlias = tuple[int, float, float, Caller, str, bytes | None, int | None]
"""An entry before anybody looks at it: number, when the call began and ended, by `monotonic`,
caller, method, params, error. It is made in the middle of calls, so it must cost little."""


class Audit:
    """The newest calls that changed something or were refused.

    From any thread. `emit` tells the topic, on the game's.
    """

    def __init__(self, topics: Topics, emit: Callable[[str, object], None]) -> None:
        self._records: deque[_Record] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._epoch = time() - monotonic()
        self._emit = emit
        self._topic = topics.add(
            TOPIC, description="Each entry of the audit, as it is made.", role=Role.ADMIN
        )

    def add(
        self, caller: Caller, method: str, params: bytes | None, error: int | None, began: float
    ) -> None:
        """A call has ended that began then, by `monotonic`, or was refused."""
        if params is not None and len(params) > MAX_PARAMS:
            params = params[: MAX_PARAMS + 1]
        record = (next(self._numbers), began, monotonic(), caller, method, params, error)
        self._records.append(record)
        if self._topic.groups:
            self._emit(TOPIC, self._entry(record))

    def newest(self, count: int, since: float = 0.0) -> list[AuditEntry]:
        """So many, not older than `since`, oldest first."""
        records = [record for record in list(self._records) if self._epoch + record[2] >= since]
        return [self._entry(record) for record in records[-count:]] if count else []

    def _entry(self, record: _Record) -> AuditEntry:
        number, began, ended, caller, method, params, error = record
        return AuditEntry(
            number,
            self._epoch + ended,
            caller.session,
            caller.address,
            None if caller.role is None else caller.role.label,
            method,
            None if params is None else _shown(params),
            error,
            ended - began,
        )


def _shown(params: bytes) -> str:
    if len(params) <= MAX_PARAMS:
        return params.decode(errors="replace")
    # The cut may be in the middle of a letter.
    return params[:MAX_PARAMS].decode(errors="ignore") + "…"
