"""What a dataclass's __post_init__ asserts about a param is the caller's error."""

import dataclasses

import stagedoor
from report import play, tell


@dataclasses.dataclass
class Speed:
    value: float

    def __post_init__(self):
        assert self.value > 0, "must be positive"


stage = stagedoor.start("game", port=0)


@stage.rpc
def go(speed: Speed) -> float:
    return speed.value


def work():
    with stagedoor.connect("game", timeout=2) as game:
        return game.go({"value": -1})


outcome = play(stage, work)
tell(
    outcome.code in (-32602, -32000),
    f"tick() raised {outcome.tick_raised!r}, the caller got {outcome.raised!r}",
)
