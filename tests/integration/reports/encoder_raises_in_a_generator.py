"""What an encoder raises for a generator's last value goes to the caller, not to the loop."""

import stagedoor
from report import play, tell


class Vector:
    pass


stage = stagedoor.start("game", port=0)
stage.encoder(Vector, lambda vector: [vector.x, vector.y])


@stage.rpc
def walk():
    yield 1
    return Vector()


def work():
    with stagedoor.connect("game") as game:
        return game.walk()


outcome = play(stage, work)
tell(
    outcome.tick_raised is None and outcome.code is not None,
    f"tick() raised {outcome.tick_raised!r}, the caller got {outcome.raised!r}",
)
