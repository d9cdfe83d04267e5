"""What callers have changed, and what they were refused, over a connection that is not one."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of, request

from stagedoor.live.domains import frame as frame_domain
from stagedoor.live.rpc.audit import KEPT, AuditEntry
from stagedoor.live.rpc.hub import Hub
from stagedoor.wire.roles import Role


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = new_hub()
    frame_domain.add_to(parts_of(hub))

    def spawn(kind: str, count: int = 1) -> int:
        return count

    def login(password: str) -> None: ...

    async def walk() -> None:
        await asyncio.get_running_loop().create_future()

    hub.methods.add(spawn)
    hub.methods.add(login, role="viewer")
    hub.methods.add(walk)
    hub.methods.add(lambda: 1 / 0, "broken")
    hub.methods.add(lambda: 1, "look", role="viewer")
    yield hub
    hub.runner.close()


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub, Role.OPERATOR)


def entries(hub: Hub) -> list[AuditEntry]:
    return hub.audit.newest(KEPT)


def told(hub: Hub) -> list[tuple[str, str | None, int | None]]:
    return [(entry.method, entry.params, entry.error) for entry in entries(hub)]


def test_calls_that_may_change_something_are_kept_and_others_are_not(
    hub: Hub, connection: FakeConnection
) -> None:
    connection.call("look")
    connection.call("no.such.method")
    connection.call("spawn", ["big", 2])
    connection.notify("spawn", {"kind": "big"})
    connection.call("broken")
    connection.call("spawn", ["big", "two"])
    assert told(hub) == [
        ("spawn", '["big", 2]', None),
        ("spawn", '{"kind": "big"}', None),
        ("broken", None, -32000),
    ]
    first = entries(hub)[0]
    assert (first.number, first.session, first.address) == (1, 1, "127.0.0.1:50000")
    assert first.role == "operator"
    assert 0 <= first.duration < 60
    assert first.time <= entries(hub)[1].time


def test_a_call_that_takes_its_time_is_kept_when_it_ends(
    hub: Hub, connection: FakeConnection
) -> None:
    connection.call("walk", ident=7)
    frame(hub, 2)
    assert entries(hub) == []
    connection.on_close(None)
    assert told(hub) == [("walk", None, -32006)]
    frame(hub, 3)
    assert len(entries(hub)) == 1, "once"


def test_calls_within_frame_batch_are_kept(hub: Hub, connection: FakeConnection) -> None:
    calls = [{"method": "spawn", "params": ["big"]}, {"method": "broken"}, {"method": "look"}]
    connection.deliver(json.dumps(request("frame.batch", {"calls": calls})))
    assert told(hub) == [("spawn", '["big"]', None), ("broken", None, -32000)]


def test_what_is_refused_is_kept_and_logged_once(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    viewer = connect(hub, Role.VIEWER)
    for _ in range(5):
        viewer.call("spawn", ["big"])
    calls = [{"method": "spawn", "params": ["small"]}]
    viewer.call("frame.batch", {"calls": calls})
    viewer.notify("spawn", ["none"])
    forbidden = [entry for entry in told(hub) if entry[2] == -32003]
    assert forbidden == [("spawn", '["big"]', -32003)] * 5 + [
        ("spawn", '["small"]', -32003),
        ("spawn", '["none"]', -32003),
    ]
    (record,) = caplog.records
    assert "'spawn' was refused: Forbidden: needs the role operator" in record.getMessage()


def test_the_params_of_who_is_nobody_yet_and_of_unknown_methods_are_not(hub: Hub) -> None:
    stranger = connect(hub, None)
    stranger.call("spawn", ["a token, perhaps"])
    stranger.call("x" * 1000, ["a token, perhaps"])
    assert told(hub) == [("spawn", None, -32004), ("x" * 100, None, -32004)]
    assert [entry.role for entry in entries(hub)] == [None, None]


def test_the_params_of_methods_that_take_secrets_are_not(
    hub: Hub, connection: FakeConnection
) -> None:
    connection.call("login", ["open sesame"])
    assert told(hub) == [("login", None, None)]
    assert "open sesame" not in repr(entries(hub))


@pytest.mark.parametrize(("letter", "kept"), [("x", 198), ("é", 99)])
def test_long_params_are_cut_and_nothing_of_the_message_is_kept(
    hub: Hub, connection: FakeConnection, letter: str, kept: int
) -> None:
    message = json.dumps(request("spawn", [letter * 100_000]), ensure_ascii=False)
    connection.deliver(message)
    (entry,) = entries(hub)
    assert entry.params == f'["{letter * kept}…'


def test_a_thousand_are_kept_the_newest(hub: Hub, connection: FakeConnection) -> None:
    for number in range(KEPT + 10):
        connection.call("spawn", [str(number)])
    found = hub.audit.newest(KEPT + 10)
    assert len(found) == KEPT
    assert found[0].number == 11
    assert [entry.params for entry in hub.audit.newest(2)] == ['["1008"]', '["1009"]']
    assert hub.audit.newest(0) == []
    since = found[-3].time
    assert [entry.number for entry in hub.audit.newest(KEPT, since)][-3:] == [1008, 1009, 1010]
    assert hub.audit.newest(KEPT, since + 3600) == []


def test_each_is_published_while_somebody_subscribes(hub: Hub, connection: FakeConnection) -> None:
    topic = hub.topics.get("sessions.audit")
    assert topic is not None
    assert topic.role is Role.ADMIN
    sink: Any = hub.topics.sink
    group = hub.topics.group(topic, "all", None)
    connection.call("spawn", ["big"])
    (value,) = sink.values(group.number)
    assert (value["method"], value["params"], value["error"]) == ("spawn", '["big"]', None)


def test_no_role_pushes_out_what_is_kept_of_another(hub: Hub, connection: FakeConnection) -> None:
    admin = connect(hub, Role.ADMIN)
    connection.call("spawn", ["big", 1])
    admin.call("spawn", ["big", 2])
    for role in (None, Role.VIEWER):
        caller = connect(hub, role)
        for _ in range(2 * KEPT):
            caller.call("spawn", ["big", 3])
    found = hub.audit.newest(KEPT)
    assert [entry.number for entry in found] == sorted(entry.number for entry in found)
    by_role = Counter(entry.role for entry in found)
    assert by_role == {"operator": 1, "admin": 1, "viewer": KEPT, None: KEPT}
    assert [entry.role for entry in hub.audit.newest(1)] == ["operator", "admin", None, "viewer"]
    assert hub.audit.newest(0) == []
