"""Games that end without closing their stage: at once, with code 0, without a word, and clients
learn of it."""

from __future__ import annotations

import textwrap
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Run
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from stagedoor.wire.tokens import decode_tokens

GAME = """
import asyncio, gc, logging, threading, time
import stagedoor
logging.getLogger("asyncio").setLevel(logging.ERROR)  # callbacks are slow on a busy machine
stage = stagedoor.start("ends", port=0)
print("port", stage.port, flush=True)
def tick_until_somebody_is_here():
    while not stage._hub.sessions:
        stage.tick(0.0)
        time.sleep(0.001)
def tick_for_ever():
    while True:
        stage.tick(0.0)
        time.sleep(0.001)
"""
ENDS = {
    "at the end of the program": "tick_until_somebody_is_here()",
    "with a daemon thread that ticks": """
        threading.Thread(target=tick_for_ever, daemon=True).start()
        while not stage._hub.sessions:
            time.sleep(0.001)
    """,
    "with a daemon thread that is held": """
        stage._pace.pause()
        threading.Thread(target=tick_for_ever, daemon=True).start()
        while not stage._hub.sessions:
            time.sleep(0.001)
    """,
    "with a thread that ends later": """
        tick_until_somebody_is_here()
        def a_few_frames():
            for _ in range(20):
                stage.tick(0.0)
                time.sleep(0.01)
        threading.Thread(target=a_few_frames).start()
    """,
    "with a call on a thread of its own": """
        @stage.rpc(thread=True)
        def slow():
            time.sleep(0.2)
        tick_until_somebody_is_here()
        stage.tick(0.0)
    """,
    "in asyncio": """
        async def main():
            while not stage._hub.sessions:
                await stage.frame(0.0)
        asyncio.run(main())
    """,
    "let go of": """
        tick_until_somebody_is_here()
        del stage
        gc.collect()
        print("collected", flush=True)
    """,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_an_exit_without_close_is_clean_and_clients_are_told(
    run: Run, env: dict[str, str], tmp_path: Path, end: str
) -> None:
    file = tmp_path / "game.py"
    file.write_text(GAME + textwrap.dedent(end))
    game = run("-X", "dev", file, STAGEDOOR="1")
    port = game.wait_for(r"^port (\d+)$")[1]
    (tokens,) = Path(env["STAGEDOOR_RUNTIME_DIR"]).glob("**/tokens/*")
    headers = {"Authorization": f"Bearer {decode_tokens(tokens.read_bytes()).admin}"}
    with connect(f"ws://127.0.0.1:{port}", additional_headers=headers, proxy=None) as client:
        with suppress(ConnectionClosed):  # it may be so by now
            client.send('{"jsonrpc": "2.0", "method": "slow", "id": 1}')
        for _ in client:  # until it is closed
            pass
        assert client.close_code == 1001
    assert game.wait() == 0, game.lines
    assert [line for line in game.lines if line.split()[0] not in ("port", "collected")] == []
