"""`sessions`: over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start
from websockets.exceptions import ConnectionClosedError

from stagedoor.live.stage import Stage


def close_code(caller: Caller) -> tuple[int, str]:
    """Tick until the connection is closed."""
    with pytest.raises(ConnectionClosedError) as closed:
        receive_for_ever(caller)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def receive_for_ever(caller: Caller) -> None:
    while True:
        caller.receive()


def listed(caller: Caller) -> dict[int, Any]:
    return {entry["id"]: entry for entry in caller.call("sessions.list")["result"]}


def test_the_list_tells_who_is_connected_from_where_and_as_what(start: Start) -> None:
    stage = start()
    stage.watch("rocks", lambda: 1)
    with (
        Caller(stage, "viewer", user_agent_header="look/1.0") as viewer,
        Caller(stage, "admin", user_agent_header="x" * 500) as admin,
        Caller(stage, None) as stranger,
    ):
        viewer.call("topic.subscribe", "rocks", "change")
        viewer.receive()
        admin.call("session.info")
        entries = listed(viewer)
        ours = viewer.call("session.info")["result"]
        mine = entries[ours["id"]]
        assert (mine["role"], mine["address"]) == ("viewer", ours["address"])
        assert (mine["agent"], mine["subscriptions"], mine["calls"]) == ("look/1.0", 1, 0)
        assert mine["since"] > 1.6e9
        assert mine["queued"] >= 0
        assert {entry["role"] for entry in entries.values()} == {"viewer", "admin", None}
        assert {len(entry["agent"] or "") for entry in entries.values()} >= {8, 200}
        assert stranger.client.close_code is None


def test_an_admin_reads_the_audit_and_nobody_else(start: Start) -> None:
    stage = start()
    stage.rpc(name="spawn")(lambda kind: kind)
    with Caller(stage, "operator") as operator, Caller(stage, "admin") as admin:
        operator.call("spawn", "big")
        assert operator.call("sessions.audit")["error"]["code"] == -32003
        spawned, refused = admin.call("sessions.audit")["result"][-2:]
        info = operator.call("session.info")["result"]
    assert (spawned["method"], spawned["params"], spawned["error"]) == ("spawn", '["big"]', None)
    assert (spawned["session"], spawned["address"]) == (info["id"], info["address"])
    assert (refused["method"], refused["role"], refused["error"]) == (
        "sessions.audit",
        "operator",
        -32003,
    )


def test_a_token_is_in_no_entry(start: Start) -> None:
    stage = start()
    token = stage._hub.keys.tokens.operator
    with Caller(stage, None) as caller, Caller(stage, "admin") as admin:
        caller.call("session.authenticate", token="wrong-token")
        caller.call("session.authenticate", token=token)
        ticket = caller.call("session.ticket")["result"]["ticket"]
        caller.call("session.authenticate", ticket=ticket)
        entries = admin.call("sessions.audit", 1000)["result"]
    outcomes = [entry["error"] for entry in entries if entry["method"] == "session.authenticate"]
    assert outcomes == [-32004, None, None]
    for secret in ("wrong-token", token, ticket):
        assert secret not in str(entries)


def test_kick_closes_with_4403_and_the_reason_and_ends_all_that_runs(start: Start) -> None:
    stage = start()
    steps: list[int] = []

    @stage.rpc(timeout=None)
    def work() -> Any:
        while True:
            steps.append(1)
            yield

    with Caller(stage, "operator") as caller, Caller(stage, "admin") as admin:
        ident = caller.call("session.info")["result"]["id"]
        caller.send("work")
        while not steps:
            stage.tick(0.0)
        assert admin.call("sessions.kick", ident, "the show is over")["result"] is None
        count = len(steps)
        assert close_code(caller) == (4403, "the show is over")
        assert len(steps) == count
        assert ident not in listed(admin)


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"id": 999}, "$.id"),
        ({"id": "own"}, "$.id"),
        ({"id": "other", "reason": "é" * 62}, "$.reason"),
    ],
    ids=str,
)
def test_kick_refuses_what_cannot_be(start: Start, params: dict[str, Any], path: str) -> None:
    stage = start()
    with Caller(stage, "operator") as other, Caller(stage, "admin") as admin:
        known = {"own": admin, "other": other}
        if params["id"] in known:
            ident = known[params["id"]].call("session.info")["result"]["id"]
            params = params | {"id": ident}
        error = admin.call("sessions.kick", **params)["error"]
        assert (error["code"], error["data"]["path"]) == (-32602, path)
        assert other.call("session.info")["result"]["role"] == "operator", "nothing has happened"


def follow(stage: Stage, caller: Caller, count: int) -> list[Any]:
    values = []
    while len(values) < count:
        message = caller.receive()
        if message.get("method") == "topic.data":
            values.append(message["params"]["value"])
    return values


def test_who_comes_and_goes_is_told(start: Start) -> None:
    stage = start()
    with Caller(stage, "viewer") as caller:
        caller.call("topic.subscribe", "sessions.changed", "all")
        with Caller(stage, None) as other:
            other.send("session.authenticate", token=stage._hub.keys.tokens.admin)
            joined, shown = follow(stage, caller, 2)
        (left,) = follow(stage, caller, 1)
    assert (joined["change"], joined["role"]) == ("joined", None)
    assert (shown["change"], shown["role"]) == ("authenticated", "admin")
    assert (left["change"], left["id"]) == ("left", joined["id"])
