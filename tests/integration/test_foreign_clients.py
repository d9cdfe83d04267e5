"""Clients that are not ours: websockets, aiohttp, a browser's page, node's ws, curl.

Each talks to the example of the Cocos interface, or to witness.py, where what the server saw is
asserted too.
"""

import asyncio
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import NODE_CLIENT, WITNESS, Run
from program import PATIENCE, Program, need

Server = tuple[Program, int]

MIB = 1024 * 1024
CLOSED_BY_CLIENT = {"event": "close", "error": None, "code": 3001, "reason": "done, größe"}


def told(program: Program, event: str, count: int = 1) -> dict[str, Any]:
    """The `count`-th event of that name which witness.py told of."""
    line = program.wait_for(rf'^\{{"event": "{event}"', count).string
    facts: dict[str, Any] = json.loads(line)
    return facts


# A peer that closes gives a code and a reason, which the server sees, and gets the code back. What
# the server closes with, the peer sees.

# websockets --------------------------------------------------------------------------------------


def test_websockets_closes_and_both_sides_know_the_code_and_reason(witness: Server) -> None:
    from websockets.sync.client import connect

    program, port = witness
    with connect(f"ws://127.0.0.1:{port}/some/path?x=1", proxy=None) as client:
        client.send("hello")
        assert client.recv(timeout=PATIENCE) == "hello"
        client.close(code=3001, reason="done, größe")
    assert client.close_code == 3001
    assert told(program, "close") == CLOSED_BY_CLIENT
    assert [json.loads(line)["event"] for line in program.lines[1:]] == [
        "connection",
        "connect",
        "message",
        "close",
    ]
    assert told(program, "connect") == {
        "event": "connect",
        "path": "/some/path?x=1",
        "state": "OPEN",
    }


def test_the_server_closes_and_websockets_gets_the_code_and_reason(witness: Server) -> None:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    program, port = witness
    with connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
        client.send("close 4000 the show is over: größe")
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=PATIENCE)
    assert (client.close_code, client.close_reason) == (4000, "the show is over: größe")
    closed = told(program, "close")
    assert (closed["error"], closed["code"]) == (None, 4000)


def test_websockets_gets_its_pings_answered(witness: Server) -> None:
    from websockets.sync.client import connect

    with connect(f"ws://127.0.0.1:{witness[1]}/", proxy=None) as client:
        assert client.ping(b"are you there").wait(PATIENCE)


# aiohttp -----------------------------------------------------------------------------------------


def test_aiohttp_echoes_and_closes(witness: Server) -> None:
    program, port = witness

    async def talk() -> None:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.ws_connect(f"http://127.0.0.1:{port}/", max_msg_size=2 * MIB) as client,
        ):
            for text in ("hello", "", "größe 漢字 🎭", "x" * MIB):
                await client.send_str(text)
                assert await client.receive_str(timeout=PATIENCE) == text
            for data in (b"\x00\x01\xff", b"", os.urandom(MIB)):
                await client.send_bytes(data)
                assert await client.receive_bytes(timeout=PATIENCE) == data
            await client.close(code=3001, message="done, größe".encode())
            assert client.close_code == 3001

    asyncio.run(talk())
    assert told(program, "close") == CLOSED_BY_CLIENT


def test_the_server_closes_and_aiohttp_gets_the_code_and_reason(witness: Server) -> None:
    program, port = witness

    async def talk() -> None:
        import aiohttp

        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{port}/") as client,
        ):
            await client.send_str("close 4000 the show is over")
            message = await client.receive(timeout=PATIENCE)
            assert message.type is aiohttp.WSMsgType.CLOSE
            assert (message.data, message.extra) == (4000, "the show is over")
            assert client.close_code == 4000

    asyncio.run(talk())
    assert told(program, "close")["error"] is None


# A browser ---------------------------------------------------------------------------------------

TALK = """
async ([url, close]) => {
    const events = [];
    const echoed = [];
    const big = new Uint8Array(1024 * 1024).map((_, index) => index * 7);
    const messages = [
        "hello", "", "größe 漢字 🎭", new Uint8Array([0, 1, 255]), new Uint8Array(0),
        "x".repeat(1024 * 1024), big,
    ];
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    const equal = (sent, got) =>
        typeof sent === "string"
            ? sent === got
            : got instanceof ArrayBuffer &&
              got.byteLength === sent.length &&
              new Uint8Array(got).every((byte, index) => byte === sent[index]);
    return await new Promise((resolve) => {
        socket.onopen = () => {
            events.push("open");
            if (close === "by the server") socket.send("close 4000 the show is over: größe");
            else messages.forEach((message) => socket.send(message));
        };
        socket.onmessage = ({ data }) => {
            if (echoed.length === 0) events.push("message");
            echoed.push(equal(messages[echoed.length], data));
            if (echoed.length === messages.length) socket.close(3001, "done, größe");
        };
        socket.onerror = () => events.push("error");
        socket.onclose = ({ code, reason, wasClean }) => {
            events.push("close");
            resolve({ events, echoed, code, wasClean, reason, readyState: socket.readyState });
        };
    });
}
"""


def test_a_page_of_the_servers_own_echoes_and_closes(witness: Server, page: Any) -> None:
    program, port = witness
    answer = page.goto(f"http://127.0.0.1:{port}/")
    assert answer.status == 200
    result = page.evaluate(TALK, [f"ws://127.0.0.1:{port}/", "by the page"])
    del result["reason"]  # the server's, who answers with the code alone
    assert result == {
        "events": ["open", "message", "close"],
        "echoed": [True] * 7,
        "code": 3001,
        "wasClean": True,
        "readyState": 3,
    }
    assert told(program, "close") == CLOSED_BY_CLIENT


def test_the_seeds_example_echoes_to_a_page_and_says_that_it_is_gone(
    cocos_echo: Server, page: Any
) -> None:
    program, port = cocos_echo
    page.goto(f"http://127.0.0.1:{port}/")
    result = page.evaluate(TALK, [f"ws://127.0.0.1:{port}/", "by the page"])
    assert result["echoed"] == [True] * 7
    program.wait_for("^connection gone!$")


def test_the_server_closes_and_the_page_gets_the_code_and_reason(
    witness: Server, page: Any
) -> None:
    program, port = witness
    page.goto(f"http://127.0.0.1:{port}/")
    result = page.evaluate(TALK, [f"ws://127.0.0.1:{port}/", "by the server"])
    assert result["events"] == ["open", "close"]
    assert (result["code"], result["reason"]) == (4000, "the show is over: größe")
    assert result["wasClean"] is True
    assert told(program, "close")["error"] is None


def test_a_page_that_is_closed_is_a_connection_gone(witness: Server, page: Any) -> None:
    program, port = witness
    page.goto(f"http://127.0.0.1:{port}/")
    page.evaluate(
        "url => new Promise(open => {"
        " window.socket = new WebSocket(url); window.socket.onopen = () => open(); })",
        f"ws://127.0.0.1:{port}/",
    )
    told(program, "connect")
    page.close()
    told(program, "close")


@pytest.fixture
def stranger() -> Iterator[str]:
    """The origin of a web server that is not ours, and that forbids its pages nothing."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_page_of_another_origin_is_refused(witness: Server, page: Any, stranger: str) -> None:
    program, port = witness
    page.goto(stranger)
    result = page.evaluate(TALK, [f"ws://127.0.0.1:{port}/", "by the page"])
    assert result["events"] == ["error", "close"]
    assert result["code"] == 1006
    program.wait_for("refused with 403: the page's Origin is not this server's")
    assert not [line for line in program.lines if "event" in line]  # no connection reached Python


def test_a_page_of_an_origin_that_was_allowed_gets_in(run: Run, page: Any, stranger: str) -> None:
    program = run(WITNESS, stranger, STAGEDOOR="1")
    port = program.wait_for(r"^port (\d+)$")[1]
    page.goto(stranger)
    result = page.evaluate(TALK, [f"ws://127.0.0.1:{port}/", "by the page"])
    assert result["echoed"] == [True] * 7


# node's ws ---------------------------------------------------------------------------------------


def test_nodes_ws_echoes_is_answered_its_ping_and_closes(
    witness: Server, node_env: dict[str, str]
) -> None:
    program, port = witness
    node = subprocess.run(
        ["node", NODE_CLIENT, f"ws://127.0.0.1:{port}/"],
        env=node_env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert node.returncode == 0, node.stderr
    assert json.loads(node.stdout) == {
        "events": ["open", "pong are you there", "close"],
        "echoed": [True] * 7,
        "code": 3001,
        "extensions": "",
    }
    assert told(program, "close") == {
        "event": "close",
        "error": None,
        "code": 3001,
        "reason": "node is done",
    }


# Plain HTTP --------------------------------------------------------------------------------------


def curl(*arguments: str) -> str:
    need(shutil.which("curl"), "curl")
    finished = subprocess.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_curl_gets_a_small_page(cocos_echo: Server) -> None:
    answer = curl("--include", f"http://127.0.0.1:{cocos_echo[1]}/")
    head, _, body = answer.replace("\r\n", "\n").partition("\n\n")
    assert head.startswith("HTTP/1.1 200 ")
    assert "content-type: text/html; charset=utf-8" in head.lower()
    assert "x-content-type-options: nosniff" in head.lower()
    assert "stagedoor" in body


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["/nothing/here"], "404"),
        (["/", "--header", "Host: stranger.test"], "403"),
        (["/", "--header", "Origin: http://stranger.test"], "403"),
        (["/", "--request", "POST", "--data", "x"], "405"),
    ],
    ids=["unknown path", "foreign Host", "foreign Origin", "POST"],
)
def test_curl_is_refused(cocos_echo: Server, arguments: list[str], status: str) -> None:
    path, *options = arguments
    url = f"http://127.0.0.1:{cocos_echo[1]}{path}"
    printed = curl("--output", os.devnull, "--write-out", "%{http_code}", *options, url)
    assert printed == status
