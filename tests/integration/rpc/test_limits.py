"""The limits of the RPC interface, each at its edge and one past it; each is logged once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from itertools import islice, product

import pytest
from server.raw import TEXT, RawClient, frame

from stagedoor.wire.topics import MODES, RATES

from .peer import Game, Peer, request, sending

TOO_MANY, INTERNAL = -32005, -32603
MIB = 1 << 20


def warnings(game: Game, pattern: str) -> list[str]:
    """The lines of the game's log like this, of which there must be one, once it has answered what
    was sent before."""
    game.program.wait_for(f"WARNING.*{pattern}")
    with game.peer() as peer:
        peer.call("echo", 1)
    return [line for line in game.program.lines if re.search(f"WARNING.*{pattern}", line)]


def test_params_nest_64_deep(game: Game) -> None:
    with game.peer() as peer:
        for depth, fits in ((64, True), (65, False)):
            value = "[" * (depth - 1) + "]" * (depth - 1)
            text = '{"jsonrpc": "2.0", "method": "echo", "id": 7, "params": [' + value + "]}"
            for message in (text, f"[{text}]"):
                answer = peer.ask(message)
                answer = answer[0] if isinstance(answer, list) else answer
                assert answer["id"] == 7
                assert ("result" in answer) is fits
        assert answer["error"]["code"] == -32600
        assert "64" in answer["error"]["data"]["reason"]
        calls = f'[{{"method": "echo", "params": [{"[" * 60 + "]" * 60}]}}]'
        text = '{"jsonrpc": "2.0", "method": "frame.batch", "id": 7, "params": {"calls": ' + calls
        assert "result" in peer.ask(text + "}}"), "the call's own params are 61 deep, all are 64"


class TestAnswers:
    def test_have_16_mib_and_not_one_byte_more(self, game: Game) -> None:
        with game.peer() as peer:
            around = len('{"jsonrpc":"2.0","result":"","id":1}')
            answer = peer.call("large", 16 * MIB - around)
            assert len(answer["result"]) == 16 * MIB - around
            error = peer.error("large", 16 * MIB - around + 1)
            assert error["code"] == INTERNAL
            assert "too large" in error["data"]["reason"]
            assert "16,777,217" in error["data"]["reason"]
            assert peer.call("echo", 1)["result"] == 1

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["text", "parts"])
    def test_of_a_gigabyte_are_an_error_and_the_session_goes_on(
        self, own_game: Game, kind: str
    ) -> None:
        game = own_game
        size = 1024 * MIB if kind == "text" else 64 * MIB
        with game.peer() as peer:
            error = peer.error("large", size, kind)
            assert error["code"] == INTERNAL
            assert "too large" in error["data"]["reason"]
            assert peer.call("echo", 1)["result"] == 1
        if kind == "text":
            assert game.memory() < 1.5 * size, "its text was never made"

    def test_to_a_batch_have_16_mib_together(self, game: Game) -> None:
        with game.peer() as peer:
            answers = peer.ask([request("large", [7 * MIB], at) for at in range(3)])
            assert [len(answer.get("result", "")) for answer in answers] == [7 * MIB, 7 * MIB, 0]
            assert answers[2]["id"] == 2
            assert answers[2]["error"]["code"] == INTERNAL
            assert "batch" in answers[2]["error"]["data"]["reason"]

    def test_to_frame_batch_have_16_mib_together(self, game: Game) -> None:
        with game.peer() as peer:
            sizes = (7 * MIB, 7 * MIB, 7 * MIB, 1)
            calls = [{"method": "large", "params": [size]} for size in sizes]
            results = peer.call("frame.batch", calls=calls)["result"]["results"]
            assert [len(result.get("result", "")) for result in results] == [7 * MIB, 7 * MIB, 0, 1]
            assert results[2]["error"]["code"] == INTERNAL

    def test_with_the_text_of_an_exception_have_a_part_of_it(self, game: Game) -> None:
        with game.peer("admin") as peer:
            data = peer.error("large", 20 * MIB, "error")["data"]
            assert (data["type"], len(data["message"])) == ("ValueError", 10_000)
            assert len(data["traceback"]) <= 10_000

    def test_that_nobody_reads_close_the_connection_with_1013(self, own_game: Game) -> None:
        game = own_game
        client = RawClient(game.port)
        client.upgrade(headers=[f"Authorization: Bearer {game.tokens.viewer}"])
        with game.peer() as other:
            for at in range(20):
                client.send(frame(TEXT, json.dumps(request("large", [4 * MIB], at)).encode()))
            game.program.wait_for("WARNING.*does not take its answers")
            assert other.call("echo", 1)["result"] == 1
            assert client.read_close()[0] == 1013
        client.close()


class TestCalls:
    def test_are_10_000_a_second_for_each_connection_and_none_is_refused(self, game: Game) -> None:
        with game.peer() as peer, game.peer() as other:
            began = time.monotonic()
            with sending(peer, (request("echo", [at], at) for at in range(20_000))):
                answers = [peer.receive()]
                # A flood is no concern of others.
                assert other.call("echo", "meanwhile")["result"] == "meanwhile"
                answers += [peer.receive() for _ in range(19_999)]
            # A second's calls may come at once, and the last read may bring too many.
            assert time.monotonic() - began > 0.7
            assert [answer.get("result") for answer in answers] == list(range(20_000))

    def test_are_256_in_flight(self, game: Game) -> None:
        with game.peer() as peer, game.peer() as other:
            for at in range(256):
                peer.send(request("wait", ident=at))
            error = peer.error("wait")
            assert (error["code"], error["data"]["limit"]) == (TOO_MANY, "256 calls in flight")
            assert peer.call("echo", 1)["result"] == 1, "what is answered at once is not in flight"
            peer.send(request("rpc.cancel", [5], "cancel"))
            assert {peer.receive()["id"], peer.receive()["id"]} == {5, "cancel"}
            peer.send(request("wait", ident=5))
            assert peer.error("wait")["code"] == TOO_MANY
            other.send(request("wait"))
            assert other.call("rpc.cancel", 1)["error"]["code"] == -32006
        assert len(warnings(game, "256 calls in flight")) == 1

    def test_of_a_batch_are_100(self, game: Game) -> None:
        with game.peer() as peer:
            calls = [{"method": "echo", "params": [1]}] * 100
            assert len(peer.call("frame.batch", calls=calls)["result"]["results"]) == 100
            error = peer.error("frame.batch", calls=[*calls, calls[0]])
            assert (error["code"], error["data"]["limit"]) == (TOO_MANY, "100 calls a batch")


class TestAuthentications:
    @pytest.fixture
    def strangers(self, own_game: Game) -> Iterator[tuple[Game, Peer]]:
        with own_game.peer(None) as peer:
            yield own_game, peer

    def test_that_fail_wait_in_five_places_and_a_right_one_succeeds_at_once(
        self, strangers: tuple[Game, Peer]
    ) -> None:
        game, guesser = strangers
        wrong = request("session.authenticate", {"token": "wrong"})
        began = time.monotonic()
        for _ in range(5):
            guesser.send(wrong)
        # The others are told before, that there are too many.
        for _ in range(1000):
            error = guesser.ask(wrong)["error"]
            if error["code"] == -32004:
                break
            assert error["data"]["limit"] == "5 wrong tokens at a time"
            for role in ("viewer", None):
                with game.peer(role) as peer:  # type: ignore[arg-type]
                    answer = peer.call("session.authenticate", token=game.tokens.viewer)
                    assert answer["result"] == {"role": "viewer"}
        else:
            pytest.fail("nobody was told")
        assert time.monotonic() - began >= 1.0
        assert len(warnings(game, "Not authenticated")) == 1
        assert len(warnings(game, "5 wrong tokens at a time")) == 1

    def test_that_succeed_are_not_counted(self, strangers: tuple[Game, Peer]) -> None:
        game, peer = strangers
        token = game.tokens.viewer
        for _ in range(20):
            assert "result" in peer.call("session.authenticate", token=token)

    def test_come_before_anything_larger_than_4_kib(self, strangers: tuple[Game, Peer]) -> None:
        _, peer = strangers
        size = 4096 - len(request_text("x", ""))
        assert peer.ask(request_text("x", "y" * size))["error"]["code"] == -32004
        peer.send(request_text("x", "y" * (size + 1)))
        assert peer.close_code() == 1009


def request_text(method: str, param: str) -> str:
    return f'{{"jsonrpc": "2.0", "method": "{method}", "id": 1, "params": ["{param}"]}}'


def test_a_message_has_a_mebibyte(game: Game) -> None:
    with game.peer() as peer:
        size = MIB - len(request_text("echo", ""))
        assert len(peer.ask(request_text("echo", "x" * size))["result"]) == size
        peer.send(request_text("echo", "x" * (size + 1)))
        assert peer.close_code() == 1009


def test_subscriptions_are_256_of_a_connection(game: Game) -> None:
    with game.peer() as peer:
        kinds = product(("quiet", "quiet.too", "rpc.methods.changed"), MODES[1:], RATES)
        for topic, mode, hz in islice(kinds, 256):
            assert "result" in peer.call("topic.subscribe", topic=topic, mode=mode, hz=hz)
        topic, mode, hz = next(kinds)
        error = peer.error("topic.subscribe", topic=topic, mode=mode, hz=hz)
        assert (error["code"], error["data"]["limit"]) == (TOO_MANY, "256 subscriptions")
    assert len(warnings(game, "256 subscriptions")) == 1


def test_what_is_refused_again_and_again_is_one_line_of_the_log(own_game: Game) -> None:
    game = own_game
    with game.peer() as viewer, game.peer(None) as stranger:
        for _ in range(200):
            assert viewer.error("change")["code"] == -32003
            assert stranger.error("change")["code"] == -32004
            assert viewer.ask("nonsense")["error"]["code"] == -32700
    for pattern in ("needs the role operator", "Not authenticated", "sent no request"):
        assert len(warnings(game, pattern)) == 1
    assert "changed" not in game.program.lines


def test_subscribing_five_thousand_times_leaves_nothing(game: Game) -> None:
    with game.peer() as peer:
        for turn in range(50):
            asked = [
                {"topic": "quiet", "mode": mode, "hz": hz}
                for mode, hz in islice(product(MODES[1:], RATES), turn % 20, turn % 20 + 100)
            ]
            answers = peer.ask([request("topic.subscribe", params) for params in asked])
            numbers = [answer["result"]["subscription"] for answer in answers]
            assert len(set(numbers)) == 100
            answers = peer.ask([request("topic.unsubscribe", [number]) for number in numbers])
            assert all(answer["result"] is True for answer in answers)
