"""A thread counts until it ends, and not until its call does: cancelling makes no room for more."""

import json
import threading

from websockets.sync.client import connect

import stagedoor
from report import play, tell

MOST = 8
"""A connection's."""

stage = stagedoor.start("game", port=0)
release = threading.Event()


@stage.rpc(thread=True, timeout=None)
def stay() -> None:
    release.wait()


def work():
    header = {"Authorization": f"Bearer {stage._hub.keys.tokens.operator}"}
    before = threading.active_count()
    with connect(stage.url, additional_headers=header, proxy=None) as client:
        for number in range(100):
            client.send(f'{{"jsonrpc": "2.0", "method": "stay", "id": {number}}}')
            params = json.dumps({"id": number})
            client.send(f'{{"jsonrpc": "2.0", "method": "rpc.cancel", "params": {params}}}')
        client.send('{"jsonrpc": "2.0", "method": "session.info", "id": "last"}')
        while json.loads(client.recv())["id"] != "last":
            pass
        return threading.active_count() - before


outcome = play(stage, work)
tell(
    outcome.result is not None and outcome.result <= MOST + 2,
    f"100 calls, each cancelled, have left {outcome.result} threads ({outcome.raised!r})",
)
