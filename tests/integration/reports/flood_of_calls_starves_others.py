"""Clients share a frame fairly: one that calls 100 times at once does not keep others waiting."""

import json
import threading
from contextlib import suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import stagedoor
from report import play, tell

CALLS = 100
CALL = json.dumps({"jsonrpc": "2.0", "method": "rpc.discover", "id": 1})

stage = stagedoor.start("game", port=0)


@stage.rpc
def mark() -> int:
    return stage._hub.frame


def drain(flood):
    with suppress(ConnectionClosed):
        for _ in flood:
            pass


def work():
    token = stage._hub.keys.tokens.viewer
    header = {"Authorization": f"Bearer {token}"}
    with (
        stagedoor.connect("game") as other,
        connect(stage.url, additional_headers=header, proxy=None, max_size=None) as flood,
    ):
        for _ in range(CALLS):
            flood.send(CALL)
        flood.recv()  # it is being served
        threading.Thread(target=drain, args=(flood,), daemon=True).start()
        before = stage._hub.frame
        return other.mark() - before


outcome = play(stage, work)
tell(
    outcome.result is not None and outcome.result <= 20,
    f"another client's call came {outcome.result} frames later ({outcome.raised!r})",
)
