"""watch("rocks", len(rocks)), without a lambda, is told where the mistake was made."""

import stagedoor
from report import tell

stage = stagedoor.start("game", port=0)


async def read():
    return 1


accepted = []
for what, function in {
    "a number": 5,
    "a coroutine function": read,
    "a function with a parameter": lambda world: 1,
}.items():
    try:
        stage.watch("rocks", function)
    except TypeError:
        continue
    accepted.append(what)
tell(not accepted, f"watch() takes without a word: {', '.join(accepted) or 'nothing'}")
