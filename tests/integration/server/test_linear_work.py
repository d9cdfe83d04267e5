"""What a client can send in many small pieces is linear work, by the processor time it takes."""

from __future__ import annotations

import pytest
from after import assert_linear

from .conftest import Connect, EchoGame, StartGame
from .raw import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    RawClient,
    frame,
    header,
    masked,
    request,
)

pytestmark = pytest.mark.timing

RSV1 = 4
TAIL = bytes.fromhex("0000ffff")
EMPTY = pytest.mark.parametrize("payload", [b"", b"x"], ids=["of nothing", "of one byte"])


def pid(game: EchoGame) -> int:
    return game.program.process.pid


def test_a_head_one_byte_at_a_time(game: EchoGame, dial: Connect) -> None:
    def work(size: int) -> None:
        client = dial(game)
        head = request(game.port, headers=[f"X-{at}: {'x' * 250}" for at in range(size // 256)])
        for byte in head:
            client.send(bytes([byte]))
        assert client.read_response().status == 101
        client.close()

    assert_linear(work, pid(game), 450, times=32)


@pytest.mark.parametrize(
    "part", [",", ";", " ", '"', "=", "\\", "permessage-deflate,", "permessage-deflate; a=,", '",']
)
def test_an_extension_header_full_of_something(
    compressing_game: EchoGame, dial: Connect, part: str
) -> None:
    game = compressing_game

    def work(size: int) -> None:
        client = dial(game)
        extensions = f"Sec-WebSocket-Extensions: x{part * (size // len(part))}"
        client.send(request(game.port, headers=[extensions]))
        assert client.read_response().status == 101
        client.close()

    assert_linear(work, pid(game), 900, times=16)


def test_an_extension_header_of_32_kib_is_refused(
    compressing_game: EchoGame, dial: Connect
) -> None:
    client = dial(compressing_game)
    commas = "Sec-WebSocket-Extensions: " + "," * 32 * 1024
    assert client.ask(request(client.port, headers=[commas])).status == 431


@EMPTY
def test_fragments(kept_game: StartGame, connect: Connect, payload: bytes) -> None:
    game = kept_game(max_fragments=1_000_000)
    client = connect(game)
    client.send(frame(BINARY, fin=False))

    def work(count: int) -> None:
        client.send(frame(CONTINUATION, payload, fin=False) * count + frame(PING))
        assert client.read_frame() == Frame(PONG, b"")

    assert_linear(work, pid(game), 6_250, times=16)


def test_a_message_one_byte_a_packet(game: EchoGame, connect: Connect) -> None:
    client = connect(game)

    def work(size: int) -> None:
        message = b"x" * (size - 1) + b"!"
        for byte in frame(BINARY, message):
            client.send(bytes([byte]))
        assert client.read_frame() == Frame(BINARY, message)

    assert_linear(work, pid(game), 625, times=32)


@EMPTY
def test_messages(game: EchoGame, connect: Connect, payload: bytes) -> None:
    client = connect(game)

    def work(count: int) -> None:
        client.send(frame(TEXT, payload) * count)
        for _ in range(count):
            assert client.read_frame() == Frame(TEXT, payload)

    # Batches are as large as the machine lets them be, which alone may make a message cost some
    # times as much.
    assert_linear(work, pid(game), 125, times=64)


BLOCKS = {
    "stored": "000000ffff",
    "compressed": "0208208000",  # four, of ten bits each
    "final": "0300",
    "final and stored": "010000ffff",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
def test_blocks_with_nothing_in_them(compressing_game: EchoGame, dial: Connect, block: str) -> None:
    client: RawClient = dial(compressing_game)
    client.upgrade(headers=["Sec-WebSocket-Extensions: permessage-deflate"])

    def work(size: int) -> None:
        unit = bytes.fromhex(block)
        payload = unit * (size // len(unit)) + b"\0"
        client.send(header(TEXT, len(payload), rsv=RSV1) + masked(payload))
        assert client.read_frame() == Frame(TEXT, b"")

    assert_linear(work, pid(compressing_game), 100_000, times=16)
