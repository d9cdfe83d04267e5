"""Tokens of `_core.Server`: what Python passes and gets.

`crates/server/tests/token_gate.rs` has the rest.
"""

from __future__ import annotations

import pytest
from tests.unit.live.native import listen
from websockets.exceptions import ConnectionClosedError, InvalidStatus


def bearer(token: str) -> dict[str, dict[str, str]]:
    return {"additional_headers": {"Authorization": f"Bearer {token}"}}


def test_a_token_gives_its_role_and_none_gives_none() -> None:
    with listen(tokens=[("viewer", 0), ("admin", 2)]) as server:
        _, connection = server.opened(**bearer("admin"))
        assert (connection.role, connection.token_generation) == (2, 0)
        assert "authorization" not in [name.lower() for name, _ in connection.headers]
        _, connection = server.opened()
        assert connection.role is None
        with pytest.raises(InvalidStatus, match="401"):
            server.connect(**bearer("wrong"))


def test_a_stranger_is_closed_unless_it_is_authenticated() -> None:
    with listen(tokens=[("admin", 2)], handshake_timeout=1.0) as server:
        known, connection = server.opened()
        connection.authenticate()
        stranger, other = server.opened()
        with pytest.raises(ConnectionClosedError) as raised:
            stranger.recv()
        assert raised.value.rcvd is not None
        assert raised.value.rcvd.code == 4401
        other.authenticate()  # too late, and no error
        connection.send("still here")
        assert known.recv() == "still here"


def test_tokens_are_replaced_while_the_server_runs() -> None:
    with listen(tokens=[("old", 1)]) as server:
        assert server.core.set_tokens([("new", 1)]) == 1
        with pytest.raises(InvalidStatus, match="401"):
            server.connect(**bearer("old"))
        assert server.opened(**bearer("new"))[1].token_generation == 1


def test_what_cannot_be_a_token_is_refused_and_not_shown() -> None:
    with (
        pytest.raises(ValueError, match="a token must have") as raised,
        listen(tokens=[("a b", 0)]),
    ):
        pass
    assert "a b" not in str(raised.value)
    with pytest.raises(OverflowError), listen(tokens=[("a", 256)]):
        pass
    with listen() as server, pytest.raises(ValueError, match="without tokens"):
        server.core.set_tokens([("a", 0)])


def test_without_tokens_nobody_has_a_role() -> None:
    with listen() as server:
        _, connection = server.opened(**bearer("mine"))
        assert connection.role is None
        assert ("Authorization", "Bearer mine") in connection.headers
