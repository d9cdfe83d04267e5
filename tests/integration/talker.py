"""A game that says things in every way there is, when it is told to.

It prints its port, and then what the tests ask of it by calls.
"""

import asyncio
import gc
import logging
import sys
import threading
import time
import warnings

import stagedoor

stage = stagedoor.start("talker", port=0)
logger = logging.getLogger("game.talker")
is_broken = threading.Event()
flooding = 0


class Dropped:
    def __del__(self) -> None:
        raise ValueError("unraisable")


def raise_in_thread() -> None:
    raise ValueError("in a thread")


@stage.rpc
def talk() -> None:
    print("printed")
    print("to stderr", file=sys.stderr)
    logger.warning("logged \x1b[2J\u202e %s", [1, 2])
    warnings.warn("warned", DeprecationWarning, stacklevel=1)
    thread = threading.Thread(target=raise_in_thread, name="worker")
    thread.start()
    thread.join()
    Dropped()
    gc.collect()


@stage.rpc
async def forget() -> None:
    """A task whose exception nobody asks for."""

    async def broken() -> None:
        raise ValueError("in a task")

    task = asyncio.ensure_future(broken())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()


@stage.rpc
def flood(lines: int) -> None:
    """From the next frame on."""
    global flooding
    flooding = lines


@stage.rpc
def crash() -> None:
    is_broken.set()


print("port", stage.port, flush=True)
try:
    while True:
        stage.tick(1 / 60)
        if is_broken.is_set():
            raise RuntimeError("the end")
        for _ in range(min(flooding, 2000)):
            flooding -= 1
            logger.error("line %d", flooding)
        time.sleep(1 / 60)
finally:
    print("goodbye", flush=True)
