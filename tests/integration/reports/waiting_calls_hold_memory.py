"""What waits for a frame far off holds so many bytes a connection, and is refused beyond."""

import json

from websockets.sync.client import connect

import stagedoor
from report import play, tell

MIB = 1 << 20

stage = stagedoor.start("game", port=0)


def work():
    header = {"Authorization": f"Bearer {stage._hub.keys.tokens.viewer}"}
    with connect(stage.url, additional_headers=header, proxy=None) as client:
        calls = [{"method": "process.info", "params": {"x": "x" * (MIB - 1000)}}]
        params = {"at": stage._hub.frame + 90_000, "calls": calls}
        for number in range(40):
            client.send(
                json.dumps(
                    {"jsonrpc": "2.0", "method": "frame.batch", "params": params, "id": number}
                )
            )
        client.send('{"jsonrpc": "2.0", "method": "session.info", "id": "last"}')
        refused = 0
        while (answer := json.loads(client.recv()))["id"] != "last":
            refused += answer["error"]["code"] == -32005
        return refused


outcome = play(stage, work)
tell(
    outcome.result is not None and outcome.result >= 40 - 17,
    f"of 40 calls of 1 MiB that wait, {outcome.result} were refused ({outcome.raised!r})",
)
