"""After gevent's monkey.patch_all(), start() returns, and the game has frames."""

import gevent.monkey

gevent.monkey.patch_all()

import time  # noqa: E402

import stagedoor  # noqa: E402
from report import tell  # noqa: E402

stage = stagedoor.start("game", port=0)
for _ in range(5):
    stage.tick(0.1)
    time.sleep(0.001)
tell(True, "it runs")
