"""`Audit`: what callers have changed, and what they were refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from time import monotonic, time
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from stagedoor.live.rpc.roles import Role, RoleName
from stagedoor.live.rpc.topics import Topics

if TYPE_CHECKING:
    from stagedoor.live.rpc.session import Session

TOPIC: Final = "sessions.audit"
KEPT: Final = 1000
"""Entries; older ones are forgotten."""
MAX_PARAMS: Final = 200
"""Bytes of a call's params that are kept; with what is around them, an entry is bounded."""
_MAX_NAME: Final = 100


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


class _Record(msgspec.Struct, frozen=True, gc=False):
    """An entry before anybody looks at it: made in the middle of calls, so it must cost little."""

    number: int
    ended: float
    duration: float
    session: int
    address: str
    role: Role | None
    method: str
    params: bytes | None
    error: int | None


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
        self,
        session: Session,
        method: str,
        params: Raw | UnsetType,
        error: int | None,
        duration: float,
    ) -> None:
        """A call has ended, or was refused."""
        kept = None
        if params is not UNSET:
            # A copy: as it is, it would keep the whole message.
            is_small = len(params) <= MAX_PARAMS
            kept = bytes(params) if is_small else bytes(memoryview(params)[: MAX_PARAMS + 1])
        record = _Record(
            next(self._numbers),
            monotonic(),
            duration,
            session.id,
            session.address,
            session.role,
            method if len(method) <= _MAX_NAME else method[:_MAX_NAME],
            kept,
            error,
        )
        self._records.append(record)
        if self._topic.groups:
            self._emit(TOPIC, self._entry(record))

    def newest(self, count: int, since: float = 0.0) -> list[AuditEntry]:
        """So many, not older than `since`, oldest first."""
        records = [record for record in list(self._records) if self._epoch + record.ended >= since]
        return [self._entry(record) for record in records[-count:]] if count else []

    def _entry(self, record: _Record) -> AuditEntry:
        return AuditEntry(
            record.number,
            self._epoch + record.ended,
            record.session,
            record.address,
            None if record.role is None else record.role.label,
            record.method,
            None if record.params is None else _shown(record.params),
            record.error,
            record.duration,
        )


def _shown(params: bytes) -> str:
    if len(params) <= MAX_PARAMS:
        return params.decode(errors="replace")
    # The cut may be in the middle of a letter.
    return params[:MAX_PARAMS].decode(errors="ignore") + "…"
