"""A game whose names, values, errors and log would take the terminal over of who looks at them.

Its argument is the text in all of them, as JSON.
"""

from __future__ import annotations

import json
import logging
import sys
import time

import stagedoor

EVIL: str = json.loads(sys.argv[1])
stage = stagedoor.start(f"game {EVIL}", port=0)
assert stage.enabled


def shout(value: str = EVIL) -> dict[str, str]:
    return {f"key {EVIL}": value}


def say() -> list[str]:
    return [EVIL]


def fail() -> None:
    raise ValueError(EVIL)


for method in (shout, say, fail):
    method.__doc__ = f"What it does is {EVIL}.\n\nAnd {EVIL}."
    stage.rpc(role="viewer")(method)

stage.watch("loud", lambda: {EVIL: EVIL})
stage.emit(f"topic {EVIL}", EVIL)
print("port", stage.port)
logging.getLogger(f"logger {EVIL}").warning("warned %s", EVIL)
print("printed", EVIL)
while True:
    stage.tick(0.01)
    time.sleep(0.01)
