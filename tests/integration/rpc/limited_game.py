"""A game that is started with the options on its command line, as JSON; it prints its port."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

import stagedoor

logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
options: dict[str, Any] = json.loads(sys.argv[1])
limits = stagedoor.Limits(**options.pop("limits", {}))
stage = stagedoor.start("limited", port=0, limits=limits, **options)
assert stage.enabled
print("port", stage.port)


@stage.rpc(role="viewer")
def echo(value: Any) -> Any:
    return value


@stage.rpc(role="viewer", timeout=None)
async def wait() -> None:
    import asyncio

    await asyncio.Event().wait()


@stage.rpc(role="viewer", timeout=None)
def stall(seconds: float) -> None:
    time.sleep(seconds)


while True:
    stage.tick(0.001)
    time.sleep(0.001)
