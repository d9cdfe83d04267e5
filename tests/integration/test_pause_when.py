"""What pauses a game by itself, in a game that is about to end, and in one that goes on."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from program import PATIENCE, Program

import stagedoor
from stagedoor.client.errors import NoGameError
from stagedoor.client.sync.client import Client
from stagedoor.wire.errors import HandlerError

GAME = """
import sys, time
import stagedoor

stage = stagedoor.start("fragile", port=0)
asked = []

@stage.rpc
def ask(what: str) -> None:
    asked.append(what)

def explode():
    raise ValueError("no ship left")

def main():
    while True:
        stage.tick(0.01)
        if asked:
            what = asked.pop()
            if what == "end":
                explode()
            if what == "raise":
                try:
                    explode()
                except ValueError:
                    print("caught", flush=True)
            if what == "slow":
                time.sleep(0.3)
        time.sleep(0.002)

print("ready", flush=True)
main()
"""

ON_ASYNCIO = """
import asyncio
import stagedoor

asked = []

async def main():
    stage = stagedoor.start("fragile", port=0)
    stage.rpc(name="ask")(asked.append)
    print("ready", flush=True)
    while True:
        await stage.frame(0.01)
        if asked:
            raise ValueError("no ship left")
        await asyncio.sleep(0.002)

asyncio.run(main())
"""

KNOWS_NOTHING = """
import time

world = {"rocks": 3}
is_over = False

def main():
    print("ready", flush=True)
    while True:
        time.sleep(0.005)
        if is_over:
            raise KeyError("no ship")

main()
"""

Play = Callable[..., tuple[Program, Callable[[], Client]]]


@pytest.fixture
def play(
    run: Run, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Play]:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", env["STAGEDOOR_RUNTIME_DIR"])
    file = tmp_path / "fragile.py"
    clients: list[Client] = []

    def start(game: str = GAME, *options: str) -> tuple[Program, Callable[[], Client]]:
        file.write_text(game)
        program = run(*options, file, STAGEDOOR="1")
        program.wait_for("^ready$")

        def connect() -> Client:
            clients.append(stagedoor.connect("fragile", reconnect=False, timeout=PATIENCE))
            return clients[-1]

        return program, connect

    yield start
    for client in clients:
        client.close()


def wait_for(client: Client, **params: Any) -> tuple[threading.Thread, list[Any]]:
    """Call `game.pause_when` on a thread, once it waits."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(client.call("game.pause_when", **params)))
    thread.start()
    return thread, found


def eventually(ask: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return answer


@pytest.mark.parametrize("game", [GAME, ON_ASYNCIO], ids=["a loop", "asyncio"])
def test_a_game_is_held_before_an_exception_ends_it(play: Play, game: str) -> None:
    program, connect = play(game)
    client, other = connect(), connect()
    thread, found = wait_for(client, exception="uncaught")
    eventually(lambda: other.call("game.triggers"))
    other.call("ask", "end")
    thread.join(PATIENCE)
    assert found[0]["reason"] == "ValueError is about to end the game: no ship left"
    assert "main" in [call["function"] for call in found[0]["stack"]][-2:]
    assert other.call("game.status")["paused"]
    assert program.process.poll() is None, "it is there to be looked at"
    other.call("game.resume")
    assert program.wait() == 1
    assert "ValueError: no ship left" in "\n".join(program.lines)


def test_a_game_that_knows_nothing_of_stagedoor_is_held_too(play: Play) -> None:
    program, connect = play(KNOWS_NOTHING, "-m", "stagedoor", "run", "--port", "0")
    client, other = eventually_connected(connect), connect()
    thread, found = wait_for(client, exception="uncaught", type="KeyError")
    eventually(lambda: other.call("game.triggers"))
    other.call("objects.set", path="__main__.is_over", value=True)
    thread.join(PATIENCE)
    assert found[0]["reason"].startswith("KeyError is about to end the game")
    assert found[0]["stack"][-1]["function"] == "main"
    rocks = other.call("objects.get", path="__main__.world")
    assert "rocks" in str(rocks), "its objects are there to be looked at"
    other.call("game.resume")
    assert program.wait() == 1
    assert "KeyError: 'no ship'" in program.lines


def test_the_stack_is_the_games_own(play: Play) -> None:
    _, connect = play(KNOWS_NOTHING, "-m", "stagedoor", "run", "--port", "0")
    client = eventually_connected(connect)
    found = client.call("game.pause_when", condition="len(__main__.world) == 1")
    assert [call["function"] for call in found["stack"]] == ["<module>", "main"]
    client.call("game.resume")


def test_a_game_in_which_nobody_waits_ends_at_once(play: Play) -> None:
    program, connect = play()
    connect().call("ask", "end")
    assert program.wait() == 1


def eventually_connected(connect: Callable[[], Client]) -> Client:
    """The game's door opens a moment after it has begun."""
    found: list[Client] = []

    def is_connected() -> bool:
        with contextlib.suppress(NoGameError):
            found.append(connect())
        return bool(found)

    eventually(is_connected)
    return found[0]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring")
def test_a_game_is_held_where_an_exception_is_raised(play: Play) -> None:
    program, connect = play()
    client, other = connect(), connect()
    thread, found = wait_for(client, exception="raised", type="ValueError")
    eventually(lambda: other.call("game.triggers"))
    other.call("ask", "raise")
    thread.join(PATIENCE)
    assert [call["function"] for call in found[0]["stack"]][-2:] == ["main", "explode"]
    assert "caught" not in program.lines
    other.call("game.resume")
    program.wait_for("^caught$")
    frame = other.call("game.status")["frame"]
    eventually(lambda: other.call("game.status")["frame"] > frame + 5)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="sys.monitoring")
def test_raised_exceptions_need_a_later_python(play: Play) -> None:
    _, connect = play()
    with pytest.raises(HandlerError, match=r"3\.12"):
        connect().call("game.pause_when", exception="raised")


def test_a_slow_frame_holds_the_game_in_the_next(play: Play) -> None:
    _, connect = play()
    client, other = connect(), connect()
    thread, found = wait_for(client, slower_than=0.2)
    eventually(lambda: other.call("game.triggers"))
    other.call("ask", "slow")
    thread.join(PATIENCE)
    assert found[0]["seconds"] > 0.2
    assert "main" in [call["function"] for call in found[0]["stack"]]
    assert other.call("game.status")["paused"]
    other.call("game.resume")
