"""`session`: who the caller is, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start

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


def test_five_failures_are_too_many(start: Start) -> None:
    stage = start()
    with Caller(stage, role=None) as caller:
        for _ in range(5):
            answer = caller.call("session.authenticate", token="wrong")
            assert answer["error"]["code"] == -32004
        token = stage._hub.keys.tokens.admin
        error = caller.call("session.authenticate", token=token)["error"]
        assert error["code"] == -32005
        assert token not in str(error)
