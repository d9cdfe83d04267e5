"""How often a client comes back to a server that lets it in and hangs up, and what its
subscriptions do when it is back: both faces."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import stagedoor
from stagedoor.client.find.retry import Retry
from stagedoor.wire.errors import GameStalled

from ..fake_game import FakeGame, running
from ..fake_stage import FakeStage

ATTEMPTS = 4


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds before each attempt; none is waited for."""
    found: list[float] = []
    usual = Retry.delay

    def delay(retry: Retry) -> float:
        found.append(usual(retry))
        return 0.001

    monkeypatch.setattr(Retry, "delay", delay)
    return found


class HangsUp(FakeStage):
    """Answers the first connection, and hangs up on later ones, before or after an answer."""

    def __init__(self, *, answers: bool) -> None:
        super().__init__()
        self.answers = answers
        self.enough = threading.Event()

    def __call__(self, game: FakeGame, call: dict[str, Any]) -> str | None:
        answer = super().__call__(game, call)
        if game.connections == 1 and call["method"] == "topic.subscribe":
            return answer
        assert game.connection is not None
        if answer is not None and self.answers:
            game.connection.send(answer)
        game.connection.close()
        if game.connections > ATTEMPTS:
            self.enough.set()
        return None


@pytest.mark.parametrize("answers", [False, True])
def test_a_blocking_client_comes_back_less_and_less_often(
    delays: list[float], answers: bool
) -> None:
    stage = HangsUp(answers=answers)
    with running(stage) as game, stagedoor.connect(game.url) as client, client.subscribe("rocks"):
        client.notify("leave")
        assert stage.enough.wait(30)
    check(delays)


@pytest.mark.parametrize("answers", [False, True])
def test_an_asyncio_client_comes_back_less_and_less_often(
    delays: list[float], answers: bool
) -> None:
    stage = HangsUp(answers=answers)

    async def work(url: str) -> None:
        async with stagedoor.connect_async(url) as client, client.subscribe("rocks"):
            await client.notify("leave")
            assert await asyncio.to_thread(stage.enough.wait, 30)

    with running(stage) as game:
        asyncio.run(work(game.url))
    check(delays)


def check(delays: list[float]) -> None:
    assert len(delays) >= ATTEMPTS
    assert delays[0] == 0
    assert [delay >= 0.1 * 2**number for number, delay in enumerate(delays[1:ATTEMPTS])] == [
        True
    ] * (ATTEMPTS - 1)


class HangsOnReturn(FakeStage):
    """Hangs for a while, after its connection was lost."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = iter(["agreed", "stalled", "stalled"])
        self.methods["topic.subscribe"] = self.subscribe_or_stall

    def subscribe_or_stall(self, **params: Any) -> dict[str, object]:
        if next(self.answers, "") == "stalled":
            raise GameStalled(5.0)
        return self.subscribe(**params)


def test_a_subscription_survives_a_game_that_hangs_as_it_comes_back() -> None:
    stage = HangsOnReturn()
    with (
        running(stage) as game,
        stagedoor.connect(game.url) as client,
        client.subscribe("rocks") as rocks,
    ):
        assert game.connection is not None
        game.connection.close()
        wait_until(lambda: rocks.reconnected == 1)
        stage.publish("rocks", 3)
        assert rocks.get(30).value == 3


def test_an_asyncio_subscription_survives_a_game_that_hangs_as_it_comes_back() -> None:
    stage = HangsOnReturn()

    async def work(game: FakeGame) -> None:
        async with stagedoor.connect_async(game.url) as client, client.subscribe("rocks") as rocks:
            assert game.connection is not None
            await asyncio.to_thread(game.connection.close)
            await asyncio.to_thread(wait_until, lambda: rocks.reconnected == 1)
            stage.publish("rocks", 3)
            assert (await rocks.get(30)).value == 3

    with running(stage) as game:
        asyncio.run(work(game))


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
