"""A game on threads: its loop ticks, while workers emit, watch, register methods, and send."""

from __future__ import annotations

import threading
import time

import stagedoor

stage = stagedoor.start("threaded", port=0)
server = stagedoor.WebSocketServer()
connections: list[stagedoor.WebSocketServerConnection] = []
server.onconnection = connections.append
server.listen(0)
print("port", stage.port)
print("server", server.port)

scores = [0, 0, 0]


def work(worker: int) -> None:
    """What a loader, a simulation or a network thread of a game would do."""
    stage.watch(f"score.{worker}", lambda: scores[worker], history=10)

    @stage.rpc(name=f"worker{worker}.score", role="viewer")
    def score() -> tuple[int, str]:
        return scores[worker], threading.current_thread().name

    number = 0
    while True:
        number += 1
        scores[worker] = number
        stage.emit("steps", {"worker": worker, "number": number})
        stage.rpc(name=f"worker{worker}.passing", role="viewer")(lambda: None)
        stage.remove(f"worker{worker}.passing")
        for connection in connections:
            connection.send(f"{worker} {number}")
        time.sleep(0.002)


@stage.rpc(role="viewer", thread=True)
def save() -> str:
    """A worker that was called, and tells how far it is."""
    for percent in range(0, 101, 10):
        stage.emit("saving", percent)
    return threading.current_thread().name


stage.emit("steps", None)
stage.emit("saving", None)
for worker in range(len(scores)):
    threading.Thread(target=work, args=(worker,), daemon=True).start()
while True:
    stage.tick(1 / 250)
    server.poll()
    time.sleep(1 / 250)
