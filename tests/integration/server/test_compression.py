"""permessage-deflate over real sockets, with Python's zlib on the other side."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from after import MEMORY, peak_memory

from stagedoor.live.stage import Stage

from .conftest import Connect, EchoGame, Serve
from .raw import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    RawClient,
    Response,
    connected,
    frame,
)
from .running import Recording, poll_until

RSV1 = 4
TAIL = b"\x00\x00\xff\xff"
STATE = json.dumps([{"id": number, "name": f"rock {number}"} for number in range(200)])


def agree(client: RawClient, offer: str = "permessage-deflate") -> Response:
    return client.upgrade(headers=[f"Sec-WebSocket-Extensions: {offer}"])


def compressed(text: str | bytes, compressor: Any = None) -> bytes:
    """A message's payload, as RFC 7692 section 7.2.1 has it."""
    compressor = compressor or zlib.compressobj(wbits=-15)
    data = text.encode() if isinstance(text, str) else text
    whole: bytes = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return whole.removesuffix(TAIL)


def read_message(client: RawClient, decompressor: Any) -> tuple[bool, bytes]:
    """Whether the next frame was compressed, and its message."""
    first = client._take(1)[0]
    client._received[:0] = bytes([first & ~0x40])
    payload = client.read_frame().payload
    if not first & 0x40:
        return False, payload
    return True, decompressor.decompress(payload + TAIL)


def test_an_offer_is_declined_unless_compression_was_asked_for(serve: Serve, dial: Connect) -> None:
    assert "sec-websocket-extensions" not in agree(dial(serve())).headers
    server = serve(compression=True)
    assert "sec-websocket-extensions" not in dial(server).upgrade().headers
    answer = agree(dial(server)).headers["sec-websocket-extensions"]
    assert answer == "permessage-deflate"
    answer = agree(dial(server), "permessage-deflate; server_max_window_bits=8")
    assert "sec-websocket-extensions" not in answer.headers


@pytest.mark.parametrize("bits", [9, 15])
def test_messages_are_compressed_both_ways_within_the_window(
    serve: Serve, dial: Connect, bits: int
) -> None:
    server = serve(compression=True)
    recording = Recording(server)
    client = dial(server)
    agree(client, f"permessage-deflate; server_max_window_bits={bits}")
    connection = recording.next_connection()
    compressor = zlib.compressobj(wbits=-9)
    # It refuses what refers further back than its window.
    decompressor = zlib.decompressobj(wbits=-bits)
    for count in range(1, 6):
        client.send(frame(TEXT, compressed(STATE, compressor), rsv=RSV1))
        assert recording.wait_for("text", count)[-1] == STATE
        connection.send(STATE)
        connection.send("short")
        assert read_message(client, decompressor) == (True, STATE.encode())
        assert read_message(client, decompressor) == (False, b"short")


def test_what_is_sent_to_all_comes_between_uncompressed(serve: Serve, dial: Connect) -> None:
    server = serve(compression=True)
    recording = Recording(server)
    client, plain = dial(server), dial(server)
    agree(client)
    connection = recording.next_connection()
    plain.upgrade()
    recording.next_connection()
    decompressor = zlib.decompressobj(wbits=-15)
    for _ in range(3):
        connection.send(STATE)
        server.broadcast(STATE)
        assert read_message(client, decompressor) == (True, STATE.encode())
        assert read_message(client, decompressor) == (False, STATE.encode())
        assert plain.read_frame().payload == STATE.encode()


def test_what_is_buffered_goes_back_to_nothing(serve: Serve, dial: Connect) -> None:
    server = serve(compression=True)
    recording = Recording(server)
    client = dial(server)
    agree(client)
    connection = recording.next_connection()
    told: list[str | None] = []
    noise = zlib.compress(STATE.encode())  # which compression makes longer
    for data in [STATE, noise, "short"] * 10:
        connection.send(data, told.append)
    poll_until(server, lambda: len(told) == 30)
    assert set(told) == {None}
    assert connection.bufferedAmount == 0


def bomb(mebibytes: int) -> bytes:
    """A compressed message of zeros."""
    compressor = zlib.compressobj(level=9, wbits=-15)
    one: bytes = compressor.compress(bytes(1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return frame(BINARY, (one * mebibytes).removesuffix(TAIL), rsv=RSV1)


WRONG = {
    "a bomb": (bomb(256), 1009),
    "one byte too many": (frame(BINARY, compressed(bytes((1 << 20) + 1)), rsv=RSV1), 1009),
    "corrupt": (frame(TEXT, b"\xff\xff\xff", rsv=RSV1), 1007),
    "truncated": (frame(TEXT, compressed(STATE)[:-20], rsv=RSV1), 1007),
    "text that is none": (frame(TEXT, compressed(b"\xff"), rsv=RSV1), 1007),
    "a compressed ping": (frame(PING, rsv=RSV1), 1002),
    "a compressed close": (frame(CLOSE, rsv=RSV1), 1002),
    "a compressed continuation": (
        frame(TEXT, compressed(STATE), fin=False, rsv=RSV1) + frame(CONTINUATION, rsv=RSV1),
        1002,
    ),
    "reserved bit 2": (frame(TEXT, rsv=2), 1002),
}


@pytest.mark.parametrize(("bytes_", "code"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_ends_that_connection_and_no_other(
    serve: Serve, dial: Connect, bytes_: bytes, code: int
) -> None:
    server = serve(compression=True)
    recording = Recording(server)
    healthy, client = dial(server), dial(server)
    for each in (healthy, client):
        agree(each)
        recording.next_connection()
    client.send(bytes_)
    assert client.read_close()[0] == code
    recording.wait_for("closed")
    healthy.send(frame(BINARY, compressed(bytes(1 << 20)), rsv=RSV1) + frame(PING, b"?"))
    assert recording.wait_for("binary") == [bytes(1 << 20)]
    assert healthy.read_frame() == (PONG, b"?", True)


@pytest.mark.parametrize(("bytes_", "code"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_leaves_the_game_as_it_was(
    compressing_game: EchoGame, dial: Connect, bytes_: bytes, code: int
) -> None:
    client = dial(compressing_game)
    agree(client)
    client.send(bytes_)
    assert client.read_close()[0] == code


def test_bombs_stop_while_they_are_inflated(compressing_game: EchoGame, dial: Connect) -> None:
    a_gibibyte = bomb(1024)
    assert len(a_gibibyte) < 2 << 20
    pid = compressing_game.program.process.pid
    before = peak_memory(pid)
    clients = [dial(compressing_game) for _ in range(10)]
    for client in clients:
        agree(client)
        client.send(a_gibibyte)
    for client in clients:
        assert client.read_close()[0] == 1009
    assert peak_memory(pid) < before + MEMORY, "of 10 GiB"


@pytest.mark.parametrize(
    "parameters",
    [
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=08",
        "server_max_window_bits",
        "server_max_window_bits=10; server_max_window_bits=10",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=08",
        "client_max_window_bits; client_max_window_bits",
        "client_no_context_takeover; client_no_context_takeover",
        "server_no_context_takeover=1",
        "unknown",
        "unknown=1",
    ],
)
def test_an_offer_that_is_not_understood_is_declined(
    compressing_game: EchoGame, dial: Connect, parameters: str
) -> None:
    client = dial(compressing_game)
    answer = agree(client, f"permessage-deflate; {parameters}")
    assert "sec-websocket-extensions" not in answer.headers
    client.send(frame(TEXT, STATE.encode()))
    assert read_message(client, None) == (False, STATE.encode())
    client.send(frame(TEXT, compressed(STATE), rsv=RSV1))
    assert client.read_close()[0] == 1002


@pytest.mark.parametrize("server_keeps", [True, False], ids=["server", "server without"])
@pytest.mark.parametrize("client_keeps", [True, False], ids=["client", "client without"])
def test_contexts_are_taken_over_both_ways_or_not(
    compressing_game: EchoGame, dial: Connect, client_keeps: bool, server_keeps: bool
) -> None:
    client = dial(compressing_game)
    parameters = ["; client_no_context_takeover"] * (not client_keeps)
    parameters += ["; server_no_context_takeover"] * (not server_keeps)
    answer = agree(client, "permessage-deflate" + "".join(parameters))
    agreed = answer.headers["sec-websocket-extensions"]
    assert ("server_no_context_takeover" in agreed) is not server_keeps
    compressor = zlib.compressobj(wbits=-15) if client_keeps else None
    decompressor = zlib.decompressobj(wbits=-15)
    sizes = []
    for _ in range(3):
        client.send(frame(TEXT, compressed(STATE, compressor), rsv=RSV1))
        if not server_keeps:
            decompressor = zlib.decompressobj(wbits=-15)
        before = client.received
        assert read_message(client, decompressor) == (True, STATE.encode())
        sizes.append(client.received - before)
    assert (sizes[2] < sizes[0] / 2) is server_keeps, "what was said before is referred to"


def test_a_client_that_does_not_offer_it_may_not_compress(serve: Serve) -> None:
    server = serve(compression=True)
    client = connected(server.port or 0)
    client.send(frame(TEXT, compressed("hello"), rsv=RSV1))
    assert client.read_close()[0] == 1002


def test_a_stage_compresses() -> None:
    stage = Stage.start("squash", port=0)
    try:
        client = RawClient(stage.port or 0)
        answer = agree(client)
        assert answer.headers["sec-websocket-extensions"] == "permessage-deflate"
        client.close()
    finally:
        stage.close()
