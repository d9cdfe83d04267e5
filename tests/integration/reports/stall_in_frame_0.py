"""game.stalled has the number of the frame, although a call of C holds the GIL meanwhile."""

from report import client, game, tell

SOURCE = """
import stagedoor, time
stage = stagedoor.start("game", port=0)
wanted = False
@stage.rpc
def hang():
    global wanted
    wanted = True
while True:
    stage.tick(0.0)
    time.sleep(0.02)
    if wanted:
        wanted = False
        sum(range(4 * 10**8))
"""

with game(SOURCE), client() as door, door.subscribe("game.stalled", mode="all") as stalls:
    door.hang()
    told = stalls.get(timeout=30)
tell(told.frame > 0, f"frame {told.frame}: {told.value}")
