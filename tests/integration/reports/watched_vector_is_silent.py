"""Who watches a value that JSON cannot carry gets it in another form, or an error."""

import subprocess
import sys

from report import LOOP, PYGAME, client, game, tell, wait_until

WATCHED = 'at = pygame.Vector2(1, 2)\nstage.watch("at", lambda: at)\n'

with game(PYGAME + WATCHED + LOOP), client() as door:
    watch = subprocess.Popen(
        [sys.executable, "-m", "stagedoor", "watch", "at"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: len(door.call("sessions.list")) > 1, "the watcher comes in")
    frame = door.call("game.status")["frame"]
    wait_until(lambda: door.call("game.status")["frame"] > frame + 100, "there are 100 frames")
    watch.terminate()
    out, _ = watch.communicate()
tell(out.strip(), f"in 100 frames `stagedoor watch` printed {out!r}")
