"""`Audit`: the calls that may have changed something, and the calls that were refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from time import monotonic, time
from typing import Final, NamedTuple, TypeAlias

from stagedoor.live.topics.topics import Topics
from stagedoor.wire.roles import Role, RoleName

TOPIC: Final = "sessions.audit"
KEPT: Final = 1000
"""The most entries of callers of one role, and of those without. Older ones are forgotten."""
MAX_PARAMS: Final = 200
"""The most bytes of a call's params that are kept. This bounds the size of an entry."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A call that may have changed something, or was refused."""

    number: int
    """Entries are numbered from 1."""
    time: float
    """When the call ended: seconds since the epoch."""
    session: int
    """The id of the caller's session."""
    address: str
    """Where the call came from, with its port."""
    role: RoleName | None
    """The caller's role at the time; null: it had not shown a token yet."""
    method: str
    params: str | None
    """The params as JSON, cut after 200 bytes. Null if there were none, or if the method takes
    secrets."""
    error: int | None
    """The code of the error that answered the call; null: the call succeeded."""
    duration: float
    """Seconds."""


class Caller(NamedTuple):
    """The caller of a method."""

    session: int
    address: str
    role: Role | None


_Record: TypeAlias = tuple[int, float, float, Caller, str, bytes | None, int | None]
"""An entry before it is read: number, when the call began and ended by `monotonic()`, caller,
method, params, error. It is made during calls, so it must cost little."""


class Audit:
    """The newest calls that may have changed something or were refused.

    Each role has a ring of its own, and so have those without one: what strangers and viewers are
    refused, however often, pushes no entry of an operator or admin out.

    Any thread may call it. `emit` publishes a value of the topic on the game's thread.
    """

    def __init__(self, topics: Topics, emit: Callable[[str, object], None]) -> None:
        self._rings: dict[Role | None, deque[_Record]] = {
            role: deque(maxlen=KEPT) for role in (None, *Role)
        }
        self._numbers = count(1)
        self._epoch = time() - monotonic()
        self._emit = emit
        self._topic = topics.add(
            TOPIC, description="Each entry of the audit, as it is made.", role=Role.ADMIN
        )

    def add(
        self, caller: Caller, method: str, params: bytes | None, error: int | None, began: float
    ) -> None:
        """Add a call that has ended or was refused. `began`: when it began, by `monotonic()`."""
        if params is not None and len(params) > MAX_PARAMS:
            params = params[: MAX_PARAMS + 1]
        record = (next(self._numbers), began, monotonic(), caller, method, params, error)
        self._rings[caller.role].append(record)
        if self._topic.groups:
            self._emit(TOPIC, self._entry(record))

    def newest(self, count: int, since: float = 0.0) -> list[AuditEntry]:
        """What `each_of_newest()` gives."""
        return list(self.each_of_newest(count, since))

    def each_of_newest(self, count: int, since: float = 0.0) -> Iterator[AuditEntry]:
        """The newest entries of each role, at most `count` of each, that ended at `since` or later.
        Oldest first, each made when it is taken."""
        found: list[_Record] = []
        for ring in self._rings.values():
            records = [record for record in list(ring) if self._epoch + record[2] >= since]
            found += records[len(records) - count :] if count < len(records) else records
        return map(self._entry, sorted(found, key=_number))

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


def _number(record: _Record) -> int:
    return record[0]


def _shown(params: bytes) -> str:
    if len(params) <= MAX_PARAMS:
        return params.decode(errors="replace")
    # The cut may be in the middle of a character.
    return params[:MAX_PARAMS].decode(errors="ignore") + "…"
