"""A stage that publishes a value of 200 B sixty times a second."""

from time import perf_counter, sleep

import stagedoor

FRAME = 1 / 60

limits = stagedoor.Limits(max_connections=1_000)
stage = stagedoor.start("publishing", port=0, limits=limits)
stage.watch("value", lambda: chr(ord("a") + stage._hub.frame % 26) * 198)
print(stage.port, stage._hub.keys.tokens.viewer, flush=True)
due = perf_counter()
while True:
    stage.tick(FRAME)
    now = perf_counter()
    due = max(due + FRAME, now)
    sleep(due - now)
