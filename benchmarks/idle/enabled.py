"""A server and a stage that listen, with nobody connected."""

import os

os.environ["STAGEDOOR"] = "1"

import stagedoor
from benchmarks.idle.timing import Empty, report

server = stagedoor.WebSocketServer()
server.listen(0)
stage = stagedoor.start("idle", port=0)
turn = stage._frames.core.turn
report(
    {
        "server.poll(), nothing waiting": "server.poll()",
        "stage.tick(dt), nobody connected": "stage.tick(dt)",
        "of that, recording a frame": "turn(None, dt)",
        "with stage.span(name)": "with stage.span('physics'): pass",
    },
    {"server": server, "stage": stage, "turn": turn, "empty": Empty(), "dt": 1 / 60},
)
