"""A game without a window that runs, for tests that pause, step and measure it."""

import time

import stagedoor

stage = stagedoor.start("paced", port=0)
world = {"frames": 0, "time": 0.0}


@stage.rpc
def read() -> dict[str, float]:
    """The game's state."""
    return world


@stage.rpc
def stumble(seconds: float) -> None:
    """Make one frame slow."""
    with stage.span("stumbling"):
        time.sleep(seconds)


print("url", stage.url)
last = time.perf_counter()
while True:
    time.sleep(1 / 240)
    now = time.perf_counter()
    dt = stage.tick(now - last)
    last = now
    with stage.span("physics"):
        world["frames"] += 1
        with stage.span("integrate"):
            world["time"] += dt
