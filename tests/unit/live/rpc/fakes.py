"""Connections and groups that are not: a hub's sessions without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from stagedoor._core import CloseCause
from stagedoor.limits import Limits
from stagedoor.live.domains.frames.record import Frames
from stagedoor.live.domains.logs.capture import log
from stagedoor.live.domains.parts import Parts
from stagedoor.live.net.peer import Peer, ReadyState
from stagedoor.live.pacing.budget import Budget
from stagedoor.live.pacing.pace import Pace
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.session import Session
from stagedoor.wire.carried import unpack
from stagedoor.wire.roles import Role


class FullQueue:
    """A `Refusal`."""

    is_closed = False

    def __str__(self) -> str:
        return "the send queue is full"


class FakeConnection:
    """A `Peer`: keeps what is sent; `receive` gives the session a message."""

    state = ReadyState.OPEN
    close_code: int | None = None
    cause = CloseCause.CLEAN
    id = 1
    queued = 0
    remote_address = ("127.0.0.1", 50000)

    hub: Hub
    """The one that it is connected to."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.closed: list[tuple[int, str]] = []
        self.refusal: FullQueue | None = None
        self.charged = 0
        self.on_close: Callable[[str | None], object] = lambda _: None
        self.on_dropped: Callable[[int, int], None] = lambda group, count: None
        self.deliver: Callable[[str | bytes], object] = lambda _: None

    @property
    def native(self) -> FakeConnection:
        return self

    def deliver_to(self, text: Callable[[str | bytes], object] | None, binary: object) -> None:
        self.deliver = text or (lambda _: None)

    def send_text(self, text: bytes) -> FullQueue | None:
        if self.refusal is None:
            self.sent.append(text.decode())
        return self.refusal

    def end(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))

    close = end

    def charge(self, calls: int) -> None:
        self.charged += calls

    def messages(self) -> list[Any]:
        """What was sent since the last look, decoded."""
        sent, self.sent = self.sent, []
        return [json.loads(message) for message in sent]

    def receive(self, text: str) -> Any:
        """The answer, decoded; None if there was none."""
        self.sent.clear()
        self.deliver(text)
        assert len(self.sent) <= 1
        return next(iter(self.messages()), None)

    def call(self, method: str, params: Any = None, ident: Any = 1) -> Any:
        return self.receive(json.dumps(request(method, params, ident)))

    def notify(self, method: str, params: Any = None) -> Any:
        message = request(method, params, None)
        del message["id"]
        return self.receive(json.dumps(message))


class NoFastPath:
    """Leaves every message to the session."""

    def set_caller(self, caller: object, role: int) -> None: ...

    def answer(self, message: str | bytes) -> bool:
        return False


class FakeBehind:
    """A `Behind`: so many members have not read the message."""

    def __init__(self) -> None:
        self.waiting = 0


class FakeSink:
    """A `Sink`: keeps what is published, by group."""

    def __init__(self) -> None:
        self.published: dict[int, list[Any]] = {}
        self.paced: dict[int, list[tuple[Any, bytes]]] = {}
        """The notifications with the bytes that they carry."""
        self.behind = FakeBehind()
        self.dropped: list[int] = []
        self._last = 0

    def group(self) -> int:
        self._last += 1
        self.published[self._last] = []
        return self._last

    def drop_group(self, group: int) -> None:
        self.dropped.append(group)

    def join(self, group: int, member: object) -> None: ...

    def leave(self, group: int, member: object) -> None: ...

    def publish(self, group: int, payload: bytes, *, droppable: bool) -> None:
        assert droppable, "telemetry is"
        self.published[group].append(json.loads(payload))

    def publish_paced(self, group: int, payload: bytes) -> FakeBehind:
        header, data = unpack(payload)
        self.paced.setdefault(group, []).append((json.loads(header), data))
        return self.behind

    def params(self, group: int, method: str = "topic.data") -> list[Any]:
        published = self.published[group]
        return [message["params"] for message in published if message["method"] == method]

    def failures(self, group: int) -> list[Any]:
        return [params["error"] for params in self.params(group, "topic.failed")]

    def values(self, group: int) -> list[Any]:
        return [params["value"] for params in self.params(group)]


def request(method: str, params: Any = None, ident: Any = 1) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "method": method, "id": ident}
    if params is not None:
        message["params"] = params
    return message


def new_hub() -> Hub:
    return Hub("asteroids", FakeSink(), Limits())


def parts_of(hub: Hub) -> Parts:
    """What a domain is given, all of it as in a stage that has just begun."""
    return Parts(hub, Pace(), Budget(hub.limits.tick_budget), Frames(), log)


def connect(hub: Hub, role: Role | None = Role.ADMIN) -> FakeConnection:
    fake = FakeConnection()
    fake.hub = hub
    hub.connected(cast(Peer, fake), role)
    return fake


def session_of(hub: Hub, connection: FakeConnection) -> Session:
    """The session on this connection."""
    (found,) = [s for s in hub.sessions if cast(Any, s.connection) is connection]
    return found


def begin_frame(hub: Hub) -> None:
    """As `Stage.tick()`, before callers are answered."""
    hub.frame += 1


def end_frame(hub: Hub) -> None:
    """As `Stage.tick()`, after it."""
    hub.end_frame()


def frame(hub: Hub, count: int = 1) -> None:
    """Let so many frames pass."""
    for _ in range(count):
        begin_frame(hub)
        end_frame(hub)
