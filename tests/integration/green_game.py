"""A game in a world of greenlets: argv says whose. It plays until a client has it leave."""

import sys

WHOSE = sys.argv[1]

if WHOSE == "gevent":
    import gevent.monkey

    gevent.monkey.patch_all()
elif WHOSE == "eventlet":
    import eventlet

    eventlet.monkey_patch()

import asyncio  # noqa: E402
import os  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from collections.abc import Generator  # noqa: E402

import stagedoor  # noqa: E402

stage = stagedoor.start("green", port=0)

turns = 0


def play_along() -> None:
    """What else the program does."""
    global turns
    while True:
        turns += 1
        time.sleep(0.001)


@stage.rpc
def plain(value: int) -> int:
    return value + 1


@stage.rpc
async def coroutine(value: int) -> int:
    await asyncio.sleep(0.001)
    return value + 2


@stage.rpc
def generator(value: int) -> Generator[int, None, int]:
    yield value
    return value + 3


@stage.rpc(thread=True)
def worker(value: int) -> int:
    time.sleep(0.001)
    stage.emit("steps", value)
    return value + 4


@stage.rpc(timeout=None)
def hang(file: str) -> str:
    """Until there is this file; without giving way to another greenlet."""
    while not os.path.exists(file):
        pass
    return "back"


@stage.rpc
def fork() -> int:
    """The exit code of a child that has no server."""
    child = os.fork()
    if child == 0:
        os._exit(7 if stage.port is None and stage.tick(0.1) <= 0.1 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@stage.rpc
def leave() -> str:
    stage.close()
    return "bye"


stage.watch("turns", lambda: turns)
threading.Thread(target=play_along, daemon=True).start()
while stage.port is not None:
    stage.tick(0.001)
    time.sleep(0.001)
print("turns", turns, flush=True)
