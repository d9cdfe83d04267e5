"""Which topic is meant, and how it is found out."""

import asyncio
from typing import Any

from stagedoor.cli.watched import Watched
from stagedoor.wire.errors import InvalidParams


class FakeClient:
    """Answers when it is let."""

    def __init__(self, *topics: str) -> None:
        self.topics = topics
        self.asked: list[str] = []
        self.may_answer = asyncio.Event()

    async def subscribe(self, topic: str) -> object:
        self.asked.append(topic)
        await self.may_answer.wait()
        if topic not in self.topics:
            raise InvalidParams("there is none", "$.topic")
        return self

    async def call(self, method: str) -> list[dict[str, str]]:
        self.asked.append(method)
        await self.may_answer.wait()
        return [{"name": name} for name in self.topics]


async def asked(client: Any, name: str) -> tuple[list[str], list[str], list[str]]:
    """What is asked at once, and in all; and the path to the field."""
    watched = Watched(name)
    task = asyncio.create_task(watched.subscribe(client, {}))
    for _ in range(10):
        await asyncio.sleep(0)
    at_once = list(client.asked)
    client.may_answer.set()
    await task
    return at_once, client.asked, watched.path


def test_a_field_takes_two_round_trips_and_a_topic_one() -> None:
    async def work() -> None:
        found = await asked(FakeClient("fps", "frames"), "frames.total")
        assert found == (
            ["frames.total", "topic.list"], ["frames.total", "topic.list", "frames"], ["total"]
        )  # fmt: skip
        found = await asked(FakeClient("a", "a.b"), "a.b.c.d")
        assert found == (["a.b.c.d", "topic.list"], ["a.b.c.d", "topic.list", "a.b"], ["c", "d"])
        assert await asked(FakeClient("fps"), "fps") == (["fps"], ["fps"], [])
        assert (await asked(FakeClient("a", "a.b"), "a.b"))[1:] == (["a.b", "topic.list"], [])

    asyncio.run(work())
