"""examples/cocos_echo.py, the example of the Cocos interface, as a process of its own."""

import os
import socket
import subprocess
import sys
import time

import pytest
from conftest import Run
from program import EXAMPLES, PATIENCE, Program
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

MIB = 1024 * 1024

Server = tuple[Program, int]


def dial(port: int) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{port}/",
        open_timeout=PATIENCE,
        close_timeout=PATIENCE,
        max_size=2 * MIB,
        proxy=None,
    )


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "",
        "größe 漢字 🎭 \0 \u2028",
        b"\x00\x01\xff",
        b"",
        "x" * MIB,
        os.urandom(MIB),
    ],
    ids=["text", "empty text", "unicode", "binary", "empty binary", "1 MiB text", "1 MiB binary"],
)
def test_a_message_comes_back_as_it_was_sent(cocos_echo: Server, message: str | bytes) -> None:
    with dial(cocos_echo[1]) as client:
        client.send(message)
        assert client.recv(timeout=PATIENCE) == message


def test_echoes_keep_the_order_of_the_messages(cocos_echo: Server) -> None:
    messages = [f"message {number}" for number in range(500)]
    with dial(cocos_echo[1]) as client:
        for message in messages:
            client.send(message)
        assert [client.recv(timeout=PATIENCE) for _ in messages] == messages


def test_a_fragmented_message_is_one_message(cocos_echo: Server) -> None:
    with dial(cocos_echo[1]) as client:
        client.send(["in ", "three ", "parts"])
        assert client.recv(timeout=PATIENCE) == "in three parts"


def test_it_says_that_a_connection_is_gone_for_each_that_closes(cocos_echo: Server) -> None:
    program, port = cocos_echo
    with dial(port) as first, dial(port) as second:
        second.close()
        program.wait_for("^connection gone!$")
        first.send("still here")
        assert first.recv(timeout=PATIENCE) == "still here"
    program.wait_for("^connection gone!$", count=2)
    assert program.lines.count("connection gone!") == 2


def test_it_says_that_a_connection_is_gone_when_the_peer_just_vanishes(cocos_echo: Server) -> None:
    program, port = cocos_echo
    with dial(port) as client:
        client.socket.shutdown(socket.SHUT_RDWR)
    program.wait_for("^connection gone!$")


def test_the_close_handshake_answers_with_the_code(cocos_echo: Server) -> None:
    program, port = cocos_echo
    with dial(port) as client:
        client.close(code=3001, reason="bye, größe")
    program.wait_for("^connection gone!$")
    assert client.close_code == 3001


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_closes_the_connections_and_then_the_server(cocos_echo: Server) -> None:
    program, port = cocos_echo
    with dial(port) as client:
        program.interrupt()
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=PATIENCE)
        assert client.close_code == 1001
        assert program.wait() == 0
    assert program.lines[-2:] == ["connection gone!", "server is closed!"]


def test_a_port_in_use_is_told_to_the_callback_and_the_game_goes_on(
    cocos_echo: Server, run: Run
) -> None:
    second = run(EXAMPLES / "cocos_echo.py", str(cocos_echo[1]))
    assert second.wait_for(r"\S")[0]
    assert "server booted!" not in second.lines
    assert "in use" in second.lines[0].lower()
    with dial(cocos_echo[1]) as client:  # the first one is none the worse
        client.send("hello")
        assert client.recv(timeout=PATIENCE) == "hello"
    assert second.process.poll() is None


def test_where_it_is_disabled_it_says_so_on_stderr_and_ends(env: dict[str, str]) -> None:
    finished = subprocess.run(
        [sys.executable, EXAMPLES / "cocos_echo.py", "0"],
        env=env | {"STAGEDOOR": "0"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert finished.returncode == 0
    assert finished.stdout == ""
    assert finished.stderr == "WebSocketServer is not enabled!\n"


@pytest.mark.timing
def test_an_echo_takes_no_longer_than_some_of_its_frames(cocos_echo: Server) -> None:
    with dial(cocos_echo[1]) as client:
        took = []
        for _ in range(20):
            began = time.perf_counter()
            client.send("tick")
            client.recv(timeout=PATIENCE)
            took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.1  # frames are 1/60 s
