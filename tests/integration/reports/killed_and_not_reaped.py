"""A game that was killed, and that its parent has not waited for, is not listed any more."""

import json
import signal

from report import command, game, tell

SOURCE = """
import stagedoor, time
stage = stagedoor.start({name!r}, port=0)
while True:
    stage.tick(0.0)
    time.sleep(0.02)
"""

with game(SOURCE.format(name="dead")) as dead:
    dead.send_signal(signal.SIGKILL)
    with game(SOURCE.format(name="alive")):
        names = [each["name"] for each in json.loads(command("ps").stdout)]
        call = command("call", "game.status")
tell(names == ["alive"] and call.returncode == 0, f"ps: {names}; call: {call.stderr.strip()!r}")
