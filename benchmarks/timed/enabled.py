"""A server and a stage that listen, with nobody connected."""

import os

os.environ["STAGEDOOR"] = "1"

import stagedoor
from benchmarks.timed.timing import Empty, report

server = stagedoor.WebSocketServer()
server.listen(0)
stage = stagedoor.start("idle", port=0)
begin = stage._frames.core.begin  # type: ignore[union-attr]
answered = stage._frames.core.answered  # type: ignore[union-attr]
report(
    {
        "server.poll(), nothing waiting": "server.poll()",
        "stage.tick(dt), nobody connected": "stage.tick(dt)",
        "of that, recording a frame": "begin(None, dt)",
        "beside it: the thread's processor time, for a frame of 50 us or more": "answered(0.0)",
        "with stage.span(name)": "with stage.span('physics'): pass",
    },
    {
        "server": server,
        "stage": stage,
        "begin": begin,
        "answered": answered,
        "empty": Empty(),
        "dt": 1 / 60,
    },
)
