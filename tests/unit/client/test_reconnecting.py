"""How often a client comes back to a server that lets it in and hangs up: both faces."""

import asyncio
import threading
from typing import Any

import pytest

import stagedoor
from stagedoor.client.find.retry import Retry

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
