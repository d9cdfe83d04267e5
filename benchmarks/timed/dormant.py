"""A stage in a project that does not enable stagedoor."""

import os

os.environ["STAGEDOOR"] = "0"

import stagedoor
from benchmarks.timed.timing import Empty, report

report(
    {"stage.tick(dt), dormant": "stage.tick(dt)"},
    {"stage": stagedoor.start("idle"), "empty": Empty(), "dt": 1 / 60},
)
