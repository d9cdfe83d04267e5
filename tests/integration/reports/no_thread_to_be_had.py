"""Where no thread can be started, start() gives a dormant stage: it does not end the game."""

import threading

import stagedoor
from report import tell

usual = threading.Thread.start


def start(self):
    if self.name.startswith("stagedoor"):
        raise RuntimeError("can't start new thread")  # what CPython says at the system's limit
    usual(self)


threading.Thread.start = start
try:
    stage = stagedoor.start("game", port=0)
except Exception as error:
    tell(False, f"start() raised {error!r}")
tell(not stage.enabled and stage.tick(0.5) == 0.5, repr(stage))
