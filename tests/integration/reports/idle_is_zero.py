"""The idle time of a game which ticks as the README says is what its clock sleeps."""

from report import LOOP, PYGAME, client, game, tell, wait_until

with game(PYGAME + LOOP), client() as door:
    wait_until(lambda: door.call("frames.summary", count=60)["frames"] == 60, "there are 60 frames")
    summary = door.call("frames.summary", count=60)
tell(
    summary["idle"] > summary["mean"] / 4,  # much more, if the machine is not busy
    {name: summary[name] for name in ("mean", "work", "idle")},
)
