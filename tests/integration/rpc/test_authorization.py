"""Who may: tokens that are none, tokens that are told nowhere, and roles that are taken away."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from server.raw import TEXT, RawClient, frame
from server.raw import request as raw_request
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

from stagedoor.wire.roles import ROLE_NAMES

from .conftest import StartGame
from .peer import Game, request

# A game for each test: failed attempts count for a minute.


def wrong_tokens(token: str) -> dict[str, str]:
    return {
        "empty": "",
        "a prefix": token[:-1],
        "longer": token + "A",
        "another case": token.swapcase(),
        "a megabyte": "A" * (1 << 20),
    }


KINDS = list(wrong_tokens("x"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_token_in_a_header_lets_nobody_in(own_game: Game, kind: str) -> None:
    token = wrong_tokens(own_game.tokens.admin)[kind]
    with pytest.raises((InvalidHandshake, OSError)) as refused, own_game.peer(token=token):
        pass
    if isinstance(refused.value, InvalidStatus):
        assert refused.value.response.status_code in (400, 401, 431)
    with own_game.peer("admin") as peer:
        assert peer.call("session.info")["result"]["role"] == "admin"


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_token_in_a_call_gives_no_role(own_game: Game, kind: str) -> None:
    token = wrong_tokens(own_game.tokens.admin)[kind]
    with own_game.peer(None) as peer:
        if kind == "a megabyte":
            peer.send(request("session.authenticate", {"token": token}))
            assert peer.close_code() == 1009
        else:
            assert peer.error("session.authenticate", token=token)["code"] == -32004
            assert peer.error("vitals")["code"] == -32004


@pytest.mark.parametrize("kind", ["empty", "a prefix", "longer", "another case"])
def test_a_wrong_token_in_a_subprotocol_is_closed_with_4401(own_game: Game, kind: str) -> None:
    token = wrong_tokens(own_game.tokens.admin)[kind]
    with connect(
        f"ws://127.0.0.1:{own_game.port}",
        subprotocols=["stagedoor.json", f"stagedoor.token.{token}"],  # type: ignore[list-item]
        proxy=None,
    ) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


def test_a_token_of_a_megabyte_in_a_subprotocol_is_no_request(own_game: Game) -> None:
    client = RawClient(own_game.port)
    token = wrong_tokens(own_game.tokens.admin)["a megabyte"]
    with suppress(ConnectionError):
        client.send(raw_request(client.port, headers=[f"Sec-WebSocket-Protocol: x.{token}"]))
    assert client.read_response().status == 431
    client.close()


@pytest.mark.parametrize("target", ["/?token={}", "/?stagedoor.token={}", "/?access_token={}"])
def test_a_token_in_a_url_gives_nothing(own_game: Game, target: str) -> None:
    client = RawClient(own_game.port)
    client.upgrade(target=target.format(own_game.tokens.admin))
    client.send(frame(TEXT, json.dumps(request("vitals")).encode()))
    answer = json.loads(client.read_frame().payload)
    assert answer["error"]["code"] == -32004
    client.close()


FORMS = {
    "of another site": ["Origin: http://evil.example"],
    "of a sandboxed frame": ["Origin: null"],
    "of a browser that does not say": [],
}


@pytest.mark.parametrize("headers", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_calls_nothing(own_game: Game, headers: list[str], content_type: str) -> None:
    client = RawClient(own_game.port)
    body = json.dumps(request("change"))
    more = [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    more += [f"Authorization: Bearer {own_game.tokens.admin}", *headers]
    head = raw_request(client.port, method="POST", upgrade=False, headers=more)
    answer = client.ask(head + body.encode())
    assert answer.status in (400, 403, 405)
    assert "access-control-allow-origin" not in answer.headers
    with own_game.peer() as peer:
        peer.round_trip()
    assert "changed" not in own_game.program.lines


def test_a_token_is_told_nowhere(own_game: Game) -> None:
    tokens = own_game.tokens
    secrets = [tokens.of(role) for role in ROLE_NAMES]
    wrong = "wrong-" + tokens.admin[::-1]
    answers = []
    with own_game.peer("admin") as admin, own_game.peer(None) as stranger:
        answers += [stranger.call("session.authenticate", token=t) for t in (wrong, tokens.viewer)]
        answers.append(stranger.call("add", a=tokens.viewer))
        answers.append(stranger.call("session.authenticate", {"token": tokens.viewer}))
        ticket = admin.call("session.ticket")["result"]["ticket"]
        answers.append(stranger.call("session.authenticate", ticket=ticket))
        methods = ("sessions.list", "rpc.discover", "process.info", "session.info")
        answers += [admin.call(method) for method in methods]
        answers.append(admin.call("sessions.audit", 1000))
    process = Path(f"/proc/{own_game.program.process.pid}")
    page = RawClient(own_game.port)
    shown = [f"Authorization: Bearer {tokens.viewer}", f"Cookie: {tokens.viewer}"]
    html = page.ask(raw_request(page.port, upgrade=False, headers=shown))
    assert html.status == 200
    assert html.headers["referrer-policy"] == "no-referrer"
    seen = {
        "the page and its headers": str(html),
        "the log": "\n".join(own_game.program.lines),
        "an answer": str(answers),
        "the process list": (process / "cmdline").read_text(),
        "the environment": (process / "environ").read_text(errors="replace"),
    }
    for where, text in seen.items():
        for secret in (*secrets, wrong, ticket):
            assert secret not in text, where


def test_tokens_that_are_replaced_take_what_they_gave_at_once(start_game: StartGame) -> None:
    game = start_game("plain")
    with game.kept():
        pass  # a healthy client would lose its token, too
    old = game.tokens
    with game.peer("operator") as operator, game.peer("viewer") as viewer:
        operator.call("topic.subscribe", topic="frame")
        operator.send(request("wait", ident="long"))
        ticket = viewer.call("session.ticket")["result"]["ticket"]
        # What follows in the same breath comes too late already.
        viewer.send(
            [request("replace_tokens"), request("change", ident=2), request("echo", [1], 3)]
        )
        operator.send(request("change"))
        assert operator.close_code() == 4401
        assert viewer.close_code() == 4401
    with game.peer(None) as peer:
        for shown in ({"token": old.operator}, {"ticket": ticket}):
            assert peer.error("session.authenticate", **shown)["code"] == -32004
    with game.peer("operator") as peer:
        assert game.tokens.operator != old.operator
        assert "result" in peer.call("change")
    game.program.wait_for("^changed$")
    assert game.program.lines.count("changed") == 1, "the second, by the new token"
    with game.kept():
        pass


def test_a_role_that_is_lowered_is_so_at_once(own_game: Game) -> None:
    tokens = own_game.tokens
    with own_game.peer("operator") as peer:
        lower = request("session.authenticate", {"token": tokens.viewer})
        first, second, third = peer.ask([lower, request("change"), request("echo", [1])])
        assert first["result"] == {"role": "viewer"}
        assert second["error"]["code"] == -32003
        assert third["result"] == 1
    assert "changed" not in own_game.program.lines


def test_what_a_viewer_is_refused_is_in_the_audit_in_every_way_it_was_called(
    own_game: Game,
) -> None:
    with own_game.peer("viewer") as viewer, own_game.peer("admin") as admin:
        document = viewer.call("rpc.discover")["result"]
        names = [m["name"] for m in document["methods"] if m["x-role"] != "viewer"]
        assert {"change", "sessions.kick"} <= set(names)
        for name in names:
            assert viewer.error(name)["code"] == -32003
            viewer.send({"jsonrpc": "2.0", "method": name})
            (answer,) = viewer.ask([request(name), {"jsonrpc": "2.0", "method": name}])
            assert answer["error"]["code"] == -32003
            calls = [{"method": name}]
            (result,) = viewer.call("frame.batch", calls=calls)["result"]["results"]
            assert result["error"]["code"] == -32003
        entries = admin.call("sessions.audit", 1000)["result"]
        refused = [entry["method"] for entry in entries if entry["error"] == -32003]
        assert {name: refused.count(name) for name in names} == dict.fromkeys(names, 5)
        mine = viewer.call("session.info")["result"]["id"]
        assert {entry["session"] for entry in entries} >= {mine}
    assert "changed" not in own_game.program.lines


def test_many_who_guess_do_not_keep_others_from_working(own_game: Game) -> None:
    def guess() -> None:
        try:
            with own_game.peer(None) as peer:
                while True:  # until the time for it is over
                    peer.error("session.authenticate", token="guess")
        except (OSError, InvalidHandshake, ConnectionClosed):
            pass  # there are eight places

    with own_game.peer("admin") as peer:
        assert "result" in peer.call("change")
        guessers = [threading.Thread(target=guess) for _ in range(12)]
        for guesser in guessers:
            guesser.start()
        for at in range(100):
            assert peer.call("echo", at)["result"] == at
        for number in range(20):
            role = ("viewer", "operator", "admin")[number % 3]
            with own_game.peer(role) as known:  # type: ignore[arg-type]
                assert known.call("session.info")["result"]["role"] == role
        for guesser in guessers:
            guesser.join()
        entries = peer.call("sessions.audit", 1000)["result"]
    strangers = [entry for entry in entries if entry["role"] is None]
    assert len(strangers) == 1000
    assert {entry["error"] for entry in strangers} <= {-32004, -32005}
    changes = [entry["method"] for entry in entries if entry["role"] == "admin"]
    assert changes == ["change"], "what strangers do pushes nothing out"
