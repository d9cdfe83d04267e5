"""A stage that is let go of, as when a notebook's cell runs again, is found no more."""

import gc

import stagedoor
from report import play, tell

stage = stagedoor.start("game", port=0)
stage = stagedoor.start("game", port=0)  # the cell again
gc.collect()


def work():
    with stagedoor.connect("game") as game:
        return game.call("process.info")["name"]


outcome = play(stage, work)
tell(outcome.result == "game", outcome.result or repr(outcome.raised))
