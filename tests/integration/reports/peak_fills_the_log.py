"""What a viewer subscribes to is logged once if it fails, not at each turn."""

import logging

import stagedoor
from report import play, tell

logged = []


class Count(logging.Handler):
    def emit(self, record):
        logged.append(record)


logger = logging.getLogger("stagedoor")
logger.addHandler(Count())
logger.propagate = False
stage = stagedoor.start("game", port=0)
stage.watch("at", lambda: {"x": stage._hub.frame})


def work():
    with (
        stagedoor.connect("game", role="viewer") as game,
        game.subscribe("at", mode="peak", hz=500),
    ):
        frame = game.call("game.status")["frame"]
        while game.call("game.status")["frame"] < frame + 200:
            pass


outcome = play(stage, work)
tell(
    outcome.raised is None and len(logged) <= 3,
    f"in 200 frames one subscription has made {len(logged)} records ({outcome.raised!r})",
)
