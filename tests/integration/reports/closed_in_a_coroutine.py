"""stage.close() in an `async def` method closes the stage."""

import stagedoor
from report import play, tell

stage = stagedoor.start("game", port=0)


@stage.rpc
async def leave():
    stage.close()


def work():
    with stagedoor.connect("game", reconnect=False) as game:
        game.leave()


outcome = play(stage, work)
for _ in range(100):
    stage.tick(0.01)
tell(stage.url is None, f"{outcome.raised!r}, and then the stage is {stage!r}")
