"""Ten times as many watches take about ten times as long."""

import time

import stagedoor
from report import tell

stage = stagedoor.start("game", port=0)


def seconds(prefix, count):
    began = time.thread_time()
    for number in range(count):
        stage.watch(f"{prefix}{number}", lambda: 1)
    took = time.thread_time() - began
    for number in range(count):
        stage.unwatch(f"{prefix}{number}")
    return took


few = min(seconds(f"a{turn}.", 300) for turn in range(3))
many = seconds("b.", 3000)
tell(many < 40 * few, f"300 take {few * 1000:.1f} ms, 3000 take {many / few:.0f} times as long")
