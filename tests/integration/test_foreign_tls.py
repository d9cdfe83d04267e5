"""Clients that are not ours, over TLS: websockets, aiohttp, a browser's page, node's ws, curl."""

import asyncio
import json
import os
import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from certificates import Authority
from conftest import NODE_CLIENT
from program import PATIENCE, Program
from test_foreign_clients import CLOSED_BY_CLIENT, MIB, TALK, curl, told

Server = tuple[Program, int]


def test_websockets_for_asyncio_echoes_and_closes(
    secure_witness: Server, authority: Authority
) -> None:
    from websockets.asyncio.client import connect

    program, port = secure_witness

    async def talk() -> None:
        url = f"wss://localhost:{port}/"
        async with connect(url, ssl=authority.context(), proxy=None, max_size=None) as client:
            for data in ("hello", "", "größe 漢字 🎭", b"", os.urandom(MIB)):
                await client.send(data)
                assert await asyncio.wait_for(client.recv(), PATIENCE) == data
            await client.close(3001, "done, größe")
        assert client.close_code == 3001

    asyncio.run(talk())
    assert told(program, "close") == CLOSED_BY_CLIENT


def test_aiohttp_echoes_and_closes(secure_witness: Server, authority: Authority) -> None:
    program, port = secure_witness

    async def talk() -> None:
        import aiohttp

        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.ws_connect(
                f"https://localhost:{port}/", ssl=authority.context(), max_msg_size=2 * MIB
            ) as client,
        ):
            await client.send_str("x" * MIB)
            assert await client.receive_str(timeout=PATIENCE) == "x" * MIB
            await client.close(code=3001, message="done, größe".encode())
            assert client.close_code == 3001

    asyncio.run(talk())
    assert told(program, "close") == CLOSED_BY_CLIENT


@pytest.fixture
def secure_page(browser: Any) -> Iterator[Any]:
    # Chromium has a store of certificates of its own, which a test should not change.
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE * 1000)
    yield context.new_page()
    context.close()


def test_a_page_that_came_over_https_echoes_and_closes(
    secure_witness: Server, secure_page: Any
) -> None:
    program, port = secure_witness
    answer = secure_page.goto(f"https://127.0.0.1:{port}/")
    assert answer.status == 200
    assert (
        f"connect-src 'self' wss://127.0.0.1:{port};" in answer.headers["content-security-policy"]
    )
    result = secure_page.evaluate(TALK, [f"wss://127.0.0.1:{port}/", "by the page"])
    assert (result["echoed"], result["code"], result["wasClean"]) == ([True] * 7, 3001, True)
    assert told(program, "close") == CLOSED_BY_CLIENT


def test_the_server_closes_and_the_page_gets_the_code_and_reason(
    secure_witness: Server, secure_page: Any
) -> None:
    _, port = secure_witness
    secure_page.goto(f"https://127.0.0.1:{port}/")
    result = secure_page.evaluate(TALK, [f"wss://127.0.0.1:{port}/", "by the server"])
    assert result["events"] == ["open", "close"]
    assert (result["code"], result["reason"]) == (4000, "the show is over: größe")


def test_nodes_ws_echoes_and_closes(
    secure_witness: Server, authority: Authority, node_env: dict[str, str]
) -> None:
    node = subprocess.run(
        ["node", NODE_CLIENT, f"wss://localhost:{secure_witness[1]}/"],
        env=node_env | {"NODE_EXTRA_CA_CERTS": str(authority.cafile)},
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


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl_gets_the_page(secure_witness: Server, authority: Authority, version: str) -> None:
    url = f"https://localhost:{secure_witness[1]}/"
    versions = [f"--tlsv{version}", "--tls-max", version]
    answer = curl("--include", "--cacert", str(authority.cafile), *versions, url)
    assert answer.startswith("HTTP/1.1 200 ")
    assert "stagedoor" in answer


def test_nobody_gets_in_whom_the_certificate_does_not_convince(secure_witness: Server) -> None:
    from websockets.sync.client import connect

    with pytest.raises(ssl.SSLCertVerificationError):
        connect(f"wss://localhost:{secure_witness[1]}/", proxy=None)
