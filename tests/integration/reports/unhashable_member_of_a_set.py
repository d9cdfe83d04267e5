"""A member of a param that is a set, which cannot be in a set, is the caller's error."""

import stagedoor
from report import play, tell

stage = stagedoor.start("game", port=0)


@stage.rpc
def tag(names: set) -> int:
    return len(names)


def work():
    with stagedoor.connect("game", timeout=2) as game:
        return game.tag([["a"]])


outcome = play(stage, work)
tell(
    outcome.code == -32602,
    f"tick() raised {outcome.tick_raised!r}, the caller got {outcome.raised!r}",
)
