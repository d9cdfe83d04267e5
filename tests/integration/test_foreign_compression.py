"""permessage-deflate with clients that are not ours: what each of them offers, with context
takeover and without."""

import asyncio
import json
import os
import subprocess
from typing import Any

import pytest
from conftest import NODE_CLIENT
from program import PATIENCE, Program
from test_foreign_clients import TALK

Server = tuple[Program, int]

MESSAGES: list[str | bytes] = [
    "hello",
    "",
    "größe 漢字 🎭",
    json.dumps([{"id": number, "square": number * number} for number in range(3000)]),
    "x" * 1_000_000,
    os.urandom(300_000),
    os.urandom(50_000).hex(),
]
"""Sent twice: with takeover, the second time refers to the first."""


@pytest.mark.parametrize(
    ("offer", "agreed"),
    [
        ({}, "permessage-deflate"),
        (
            {"server_no_context_takeover": True},
            "permessage-deflate; server_no_context_takeover",
        ),
        (
            {"client_no_context_takeover": True},
            "permessage-deflate; client_no_context_takeover",
        ),
        (
            {"server_max_window_bits": 9, "client_max_window_bits": 9},
            "permessage-deflate; server_max_window_bits=9",
        ),
        (
            {
                "server_no_context_takeover": True,
                "client_no_context_takeover": True,
                "server_max_window_bits": 10,
                "client_max_window_bits": True,
            },
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover;"
            " server_max_window_bits=10",
        ),
    ],
    ids=["nothing", "server alone", "client alone", "small windows", "everything"],
)
def test_websockets(compressing_witness: Server, offer: dict[str, Any], agreed: str) -> None:
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
    from websockets.sync.client import connect

    url = f"ws://127.0.0.1:{compressing_witness[1]}/"
    factory = ClientPerMessageDeflateFactory(**offer)
    with connect(url, proxy=None, compression=None, extensions=[factory]) as client:
        assert client.response is not None
        assert client.response.headers["Sec-WebSocket-Extensions"] == agreed
        for message in MESSAGES * 2:
            client.send(message)
            assert client.recv(timeout=PATIENCE) == message


@pytest.mark.parametrize("bits", [9, 15])
def test_aiohttp(compressing_witness: Server, bits: int) -> None:
    async def talk() -> None:
        import aiohttp

        url = f"http://127.0.0.1:{compressing_witness[1]}/"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, compress=bits) as client,
        ):
            assert client.compress
            for message in MESSAGES * 2:
                if isinstance(message, str):
                    await client.send_str(message)
                    assert await client.receive_str(timeout=PATIENCE) == message
                else:
                    await client.send_bytes(message)
                    assert await client.receive_bytes(timeout=PATIENCE) == message

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("options", "agreed"),
    [
        ({}, "permessage-deflate"),
        (
            {"serverNoContextTakeover": True, "clientNoContextTakeover": True, "threshold": 0},
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (
            {"serverMaxWindowBits": 10, "clientMaxWindowBits": 10, "threshold": 0},
            "permessage-deflate; server_max_window_bits=10",
        ),
    ],
    ids=["as it is", "without takeover", "small windows"],
)
def test_nodes_ws(
    compressing_witness: Server, node_env: dict[str, str], options: dict[str, Any], agreed: str
) -> None:
    _, port = compressing_witness
    url = f"ws://127.0.0.1:{port}/"
    node = subprocess.run(
        ["node", NODE_CLIENT, url, json.dumps({"perMessageDeflate": options})],
        env=node_env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert node.returncode == 0, node.stderr
    found = json.loads(node.stdout)
    assert found["events"] == ["open", "pong are you there", "close"]
    assert found["echoed"] == [True] * 7
    assert found["extensions"] == agreed


def test_a_browser(compressing_witness: Server, page: Any) -> None:
    _, port = compressing_witness
    page.goto(f"http://127.0.0.1:{port}/")
    url = f"ws://127.0.0.1:{port}/"
    extensions = page.evaluate(
        "url => new Promise((resolve) => { const socket = new WebSocket(url);"
        " socket.onopen = () => { resolve(socket.extensions); socket.close(); }; })",
        url,
    )
    assert extensions == "permessage-deflate"
    result = page.evaluate(TALK, [url, "by the page"])
    assert result["echoed"] == [True] * 7
    assert (result["code"], result["wasClean"]) == (3001, True)
