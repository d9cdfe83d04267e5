"""`session`: who the caller is, over a real socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.rpc import hub, keys
from stagedoor.wire.roles import ROLE_NAMES


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_info_tells_who_the_caller_is(start: Start, role: Any) -> None:
    with Caller(start(), role=role) as caller:
        info = caller.call("session.info")["result"]
        host, port = caller.client.local_address[:2]
    assert (info["role"], info["address"]) == (role, f"{host}:{port}")


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_a_token_or_a_ticket_gives_its_role(start: Start, role: Any) -> None:
    stage = start()
    with Caller(stage, role=role) as known:
        ticket = known.call("session.ticket")["result"]
        assert (ticket["role"], ticket["expires_in"]) == (role, 30.0)
    token = stage._hub.keys.tokens.of(role)
    for shown in ({"token": token}, {"ticket": ticket["ticket"]}):
        with Caller(stage, role=None) as caller:
            assert caller.call("session.authenticate", **shown)["result"] == {"role": role}
            assert caller.call("session.info")["result"]["role"] == role
    with Caller(stage, role=None) as caller:
        answer = caller.call("session.authenticate", ticket=ticket["ticket"])
        assert answer["error"]["code"] == -32004, "a ticket is good once"


@pytest.mark.parametrize("params", [{}, {"token": "a", "ticket": "b"}, {"token": 5}], ids=str)
def test_it_takes_one_of_both(start: Start, params: dict[str, Any]) -> None:
    with Caller(start(), role=None) as caller:
        assert caller.call("session.authenticate", **params)["error"]["code"] == -32602


def test_five_wrong_tokens_wait_more_are_refused_at_once_and_a_right_one_gets_in(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = start()
    now = [1000.0]
    for module in (keys, hub):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
    with Caller(stage, role=None) as caller:
        for _ in range(5):
            caller.send("session.authenticate", token="wrong")
        error = caller.call("session.authenticate", token="wrong")["error"]
        assert (error["code"], error["data"]["limit"]) == (-32005, "5 wrong tokens at a time")
        token = stage._hub.keys.tokens.admin
        assert caller.call("session.authenticate", token=token)["result"] == {"role": "admin"}
        now[0] += 1.0
        assert [caller.receive()["error"]["code"] for _ in range(5)] == [-32004] * 5


def test_a_wrong_token_in_a_batch_is_answered_with_the_batch(start: Start) -> None:
    with Caller(start(), role="viewer") as caller:
        wrong = {"jsonrpc": "2.0", "method": "session.authenticate", "params": {"token": "x"}}
        info = {"jsonrpc": "2.0", "method": "session.info", "id": 2}
        caller.client.send(json.dumps([wrong | {"id": 1}, wrong, info]))
        answers = caller.receive()
        assert {answer["id"]: answer.get("error", {}).get("code") for answer in answers} == {
            1: -32004,
            2: None,
        }
