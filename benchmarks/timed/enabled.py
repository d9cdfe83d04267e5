"""A server and a stage that listen, with nobody connected."""

import os

os.environ["STAGEDOOR"] = "1"

import stagedoor
from benchmarks.timed.timing import Empty, report

server = stagedoor.WebSocketServer()
server.listen(0)
stage = stagedoor.start("idle", port=0)
report(
    {
        "server.poll(), nothing waiting": "server.poll()",
        "stage.tick(dt), nobody connected": "stage.tick(dt)",
    },
    {"server": server, "stage": stage, "empty": Empty(), "dt": 1 / 60},
)
