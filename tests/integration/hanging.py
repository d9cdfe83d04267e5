"""A game that hangs when it is told to.

`hang` makes it leave the frame loop for something else; what that took is printed. With a
threshold as its argument, that makes a stall instead of a second.
"""

import ctypes
import sys
import time

import stagedoor
from stagedoor.live.stall import understudy

if len(sys.argv) > 1:
    understudy._THRESHOLD = float(sys.argv[1])
stage = stagedoor.start("hanging", port=0)
waiting: list[tuple[str, float]] = []
ran: list[int] = []


@stage.rpc
def hang(how: str, seconds: float) -> None:
    waiting.append((how, seconds))


@stage.rpc(timeout=0.5)
def note(value: int) -> int:
    ran.append(value)
    return value


@stage.rpc(timeout=None)
def note_late(value: int) -> int:
    ran.append(value)
    return value


@stage.rpc(timeout=1.5)
def overrun(seconds: float) -> str:
    time.sleep(seconds)
    return "late"


@stage.rpc
def what_ran() -> list[int]:
    return ran


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def hold(seconds: float) -> None:
    # Unlike time.sleep(), this is not taken up again after a signal.
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


print("port", stage.port)
while True:
    stage.tick(0.0)
    while waiting:
        how, seconds = waiting.pop()
        began = time.monotonic()
        {"spin": spin, "sleep": sleep, "hold": hold}[how](seconds)
        print(f"{how} took {time.monotonic() - began:.3f}", flush=True)
    time.sleep(0.002)
