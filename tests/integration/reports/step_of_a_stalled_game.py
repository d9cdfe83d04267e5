"""game.step of a game without frames says that it is stalled, as game.pause does."""

from report import RUN, client, game, tell

with game("while True:\n    pass\n", *RUN), client() as door:
    told = []
    for method in ("game.pause", "game.step"):
        try:
            told.append(door.with_timeout(8).call(method))
        except Exception as error:
            told.append(repr(error))
tell(all("stalled" in str(each).lower() for each in told), told)
