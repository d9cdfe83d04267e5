"""A topic with a name that JSON cannot carry is refused, or else hides no others."""

import stagedoor
from report import play, tell

stage = stagedoor.start("game", port=0)
stage.watch("rocks", lambda: 1)
try:
    stage.watch("size of \udce9.png", lambda: 1)
except ValueError as error:
    tell(True, error)


def work():
    with stagedoor.connect("game") as game:
        names = [topic["name"] for topic in game.call("topic.list")]
        return names, len(game.call("rpc.discover")["methods"])


outcome = play(stage, work)
tell(outcome.result is not None, outcome.result or repr(outcome.raised))
