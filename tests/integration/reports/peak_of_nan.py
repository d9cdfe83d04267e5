"""The peak of some values is the largest of them, wherever among them a NaN was."""

import threading

import stagedoor
from report import play, tell

stage = stagedoor.start("game", port=0)
stage.emit("x", 0)


def peak(values):
    is_subscribed = threading.Event()

    class Game:
        def tick(self, dt):
            if is_subscribed.is_set():
                is_subscribed.clear()
                for value in values:
                    stage.emit("x", value)
            stage.tick(dt)

    def work():
        with stagedoor.connect("game") as game, game.subscribe("x", mode="peak") as peaks:
            is_subscribed.set()
            return peaks.get(timeout=5).value

    outcome = play(Game(), work)
    return outcome.raised or outcome.result


nan = float("nan")
first, last = peak([nan, 5.0, 7.0]), peak([5.0, 7.0, nan])
tell(
    first == last == 7.0,
    f"the peak of NaN, 5 and 7 is {first!r}, that of 5, 7 and NaN is {last!r}",
)
