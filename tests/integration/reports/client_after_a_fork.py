"""In a forked child a client takes none of its parent's answers: it works, or says why not."""

import ast
import os

import stagedoor
from report import play, tell

stage = stagedoor.start("game", port=0)
ran = []


@stage.rpc
def note(who: str) -> str:
    ran.append(who)
    return who


def calls(game, who):
    """How many of 12 calls went wrong, and how the last one did."""
    wrong, how = 0, ""
    for number in range(12):
        try:
            if (answer := game.note(f"{who} {number}")) != f"{who} {number}":
                wrong, how = wrong + 1, f"the answer was {answer}"
        except Exception as error:
            wrong, how = wrong + 1, repr(error)
    return wrong, how


def work():
    with stagedoor.connect("game", timeout=1) as game:
        game.note("hello")
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(writer, repr(calls(game, "child")).encode())
            os._exit(0)
        parents = calls(game, "parent")
        childs = ast.literal_eval(os.read(reader, 1000).decode())
        os.waitpid(pid, 0)
        return parents, childs


outcome = play(stage, work)
(wrong, how), (childs_wrong, childs_how) = outcome.result
by_child = sum(who.startswith("child") for who in ran)
tell(
    wrong == 0 and by_child in (0, 12) and (childs_wrong == 0 or "process" in childs_how),
    f"of 12 each, wrong: {wrong} of the parent's {how}, {childs_wrong} of the child's {childs_how};"
    f" {by_child} of the child's ran",
)
