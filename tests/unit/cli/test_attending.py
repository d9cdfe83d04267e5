"""What waits for a game that hangs or is gone, against a fake one."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stagedoor
from stagedoor.cli import attending
from stagedoor.cli.attending import attend, patiently
from stagedoor.client.errors import (
    BadReplyError,
    CallTimeoutError,
    CannotConnectError,
    ClientClosedError,
    ConnectionLostError,
    NoGameError,
    SeveralGamesError,
    TokenRefusedError,
)
from stagedoor.client.health import Health
from stagedoor.wire.close_codes import SENT_AWAY
from stagedoor.wire.errors import Forbidden, GameStalled, InvalidParams

from ..fake_game import FakeGame, running
from ..fake_stage import NEVER, FakeStage

SOURCE = Path(stagedoor.__file__).parents[1]
URL = "ws://127.0.0.1:1/"
WHERE = {"file": "a.py", "line": 3, "function": "f"}


class HangingStage(FakeStage):
    """Refuses what needs the game, as a game that hangs does, until `comes_back()`."""

    def __init__(self) -> None:
        super().__init__()
        self.topics |= {"logs", "game.stalled"}
        self.hangs = True
        self.methods["topic.subscribe"] = self.subscribe_if_there
        self.methods["game.status"] = lambda: {"stalled_for": 7.0 * self.hangs, "where": WHERE}
        self.methods["logs.history"] = lambda **_: {
            "records": [], "next": 0, "lost": 0, "started": 1.0,
        }  # fmt: skip

    def subscribe_if_there(self, filter: object = None, **params: Any) -> dict[str, object]:
        if self.hangs:
            raise GameStalled(7.0)
        return self.subscribe(**params)


def start(*arguments: str) -> "subprocess.Popen[str]":
    """`stagedoor` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "stagedoor", *arguments],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def stop(process: "subprocess.Popen[str]") -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    return out, err


@pytest.mark.parametrize(
    ("verb", "topic", "value"),
    [(["watch", "rocks"], "rocks", 3),
     (["watch", "rocks.x"], "rocks", {"x": 3}),
     (["logs", "-f"], "logs", {"records": [{"sequence": 5}], "dropped": 0})],
)  # fmt: skip
def test_begun_while_the_game_hangs_a_verb_says_so_and_waits(
    verb: list[str], topic: str, value: object
) -> None:
    stage = HangingStage()
    with running(stage) as game:
        process = start(*verb, "--to", game.url)
        assert process.stderr is not None
        assert process.stdout is not None
        line = process.stderr.readline()
        assert line == "stagedoor: the game has been stalled for 7.0 s, in a.py:3, in f\n"
        stage.hangs = False
        assert process.stderr.readline() == "stagedoor: the game is back\n"
        stage.wait_for(topic, "game.stalled")
        stage.publish(topic, value)
        assert process.stdout.readline()
        assert stop(process) == ("", ""), "it is told once"


@pytest.mark.parametrize("method", ["topic.subscribe", "topic.list"])
def test_a_game_that_leaves_before_it_has_answered_is_told_and_waited_for(method: str) -> None:
    stage = FakeStage()
    asked = threading.Event()

    def leave(**_: object) -> object:
        asked.set()
        return NEVER

    kept, stage.methods[method] = stage.methods[method], leave
    with running(stage) as game:
        process = start("watch", "rocks.x", "--to", game.url)
        assert asked.wait(30)
    assert process.stderr is not None
    assert process.stdout is not None
    line = process.stderr.readline()
    assert line == "stagedoor: the game is gone; waiting for it to come back\n"
    stage.methods[method] = kept
    with running(stage, port=game.port):
        assert process.stderr.readline() == "stagedoor: the game is back\n"
        stage.wait_for("rocks")
        stage.publish("rocks", {"x": 5})
        assert json.loads(process.stdout.readline())["value"] == 5
        assert stop(process) == ("", "")


def timeout(state: Any) -> CallTimeoutError:
    return CallTimeoutError("m", 1.0, Health(state))


@pytest.mark.parametrize(
    ("error", "is_waited_for"),
    [(GameStalled(7.0), True), (timeout("stalled"), True), (timeout("silent"), True),
     (ConnectionLostError(URL), True), (CannotConnectError(URL, "refused"), True),
     (NoGameError("none", []), True),
     (timeout("running"), False), (timeout("unknown"), False), (timeout("paused"), False),
     (ConnectionLostError(URL, SENT_AWAY), False), (ClientClosedError(URL), False),
     (TokenRefusedError(URL, "no"), False), (SeveralGamesError("two", []), False),
     (BadReplyError("bad"), False), (InvalidParams("bad"), False), (Forbidden("admin"), False)],
)  # fmt: skip
def test_what_may_pass_is_waited_for(
    error: Exception, is_waited_for: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "AGAIN", 0.0)
    errors = [error, error]

    async def call() -> str:
        if errors:
            raise errors.pop()
        return "done"

    if is_waited_for:
        assert asyncio.run(patiently(call)) == "done"
    else:
        with pytest.raises(type(error)):
            asyncio.run(patiently(call))


class Dead:
    is_live = False


@pytest.mark.parametrize(
    ("status", "said"),
    [(lambda: {"stalled_for": 2.0}, "the game has been stalled for 2.0 s"),
     (lambda: NEVER, "the game hangs: its process answers pings, but runs no Python code")],
)  # fmt: skip
def test_a_game_that_sends_nothing_is_asked_why(
    status: Callable[[], object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attending, "ANSWER", 1.0)
    stage = FakeStage()
    stage.methods["game.status"] = status

    async def told(game: FakeGame) -> str:
        heard: asyncio.Queue[str] = asyncio.Queue()
        async with stagedoor.connect_async(game.url) as client:
            task = asyncio.create_task(attend(client, [Dead()], heard.put_nowait))
            try:
                return await asyncio.wait_for(heard.get(), 30)
            finally:
                task.cancel()

    with running(stage) as game:
        assert asyncio.run(told(game)) == said
