"""A game that runs backwards gets the same dt, whether somebody watches it or not."""

import statistics

import stagedoor
from report import play, tell

DT = -0.016

stage = stagedoor.start("game", port=0)
stage.watch("x", lambda: 1)
alone = statistics.median(stage.tick(DT) for _ in range(5))


class Backwards:
    def __init__(self):
        self.got = []

    def tick(self, dt):
        self.got.append(stage.tick(DT))


def work():
    with stagedoor.connect("game") as game, game.subscribe("x", mode="all") as values:
        values.get(timeout=10)
        before = len(game_loop.got)
        for _ in range(20):
            values.get(timeout=10)
        return before


game_loop = Backwards()
outcome = play(game_loop, work)
watched = statistics.median(game_loop.got[outcome.result :])
tell(
    abs(watched - alone) < 0.005,
    f"tick({DT}) gives {alone} alone, {watched} with a subscriber",
)
