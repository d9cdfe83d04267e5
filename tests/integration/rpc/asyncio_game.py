"""A game on asyncio: its physics is a task, and its methods wait for what happens there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import stagedoor


class World:
    def __init__(self) -> None:
        self.steps = 0
        self.stepped = asyncio.Condition()

    async def run(self) -> None:
        while True:
            async with self.stepped:
                self.steps += 1
                self.stepped.notify_all()
            await asyncio.sleep(0.002)


async def main() -> None:
    stage = stagedoor.start("asyncio", port=0)
    world = World()
    physics = asyncio.create_task(world.run())

    @stage.rpc(role="viewer")
    async def wait_for_steps(count: int) -> int:
        """Waits in the game's own loop."""
        goal = world.steps + count
        async with world.stepped:
            await world.stepped.wait_for(lambda: world.steps >= goal)
        return world.steps - goal

    @stage.rpc(role="viewer")
    def build(steps: int) -> Iterator[int]:
        yield from range(steps)

    @stage.rpc
    def stop() -> None:
        physics.cancel()

    stage.watch("steps", lambda: world.steps, history=100)
    print("port", stage.port)
    spent = 0.0
    while not physics.done():
        spent += await stage.frame(0.002)
        await asyncio.sleep(0.002)
    stage.close()
    while stage.port is not None:
        await stage.frame(0.0)
    with suppress(asyncio.CancelledError):
        await physics
    print("ended")


asyncio.run(main())
