"""A client in a forked child, blocking and asyncio: `stagedoor.client.forks`."""

import gc
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import stagedoor
from stagedoor.client.forks import _watched, watch_forks

from ..fake_game import running
from ..fake_stage import FakeStage

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

SYNC = """
    game = stagedoor.connect(url, timeout=10)
    rocks = game.subscribe("rocks")
    assert game.spawn("big", 1) == 1
    before = game._line._socket
    pid = os.fork()
    numbers = [game.spawn("big", number) for number in range(20)]
    assert numbers == list(range(20)), numbers
    assert (game._line._socket is before) == (pid != 0)
    if pid:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    rocks.close()
    game.close()
"""

ASYNC = """
    async def calls():
        return [await game.spawn("big", number) for number in range(20)]

    async def begin():
        game = await stagedoor.connect_async(url, timeout=10)
        await game.subscribe("rocks")
        assert await game.spawn("big", 1) == 1
        return game

    loop = asyncio.new_event_loop()
    game = loop.run_until_complete(begin())
    pid = os.fork()
    if pid:
        assert loop.run_until_complete(calls()) == list(range(20))
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert loop.run_until_complete(calls()) == list(range(20))
        loop.run_until_complete(game.close())
        loop.close()
    else:
        async def child():
            assert await calls() == list(range(20))
            await game.close()
        asyncio.run(child())
        os._exit(0)
"""

WITHOUT_RECONNECT = """
    from stagedoor.client.errors import ConnectionLostError
    game = stagedoor.connect(url, timeout=10, reconnect=False)
    pid = os.fork()
    if pid == 0:
        try:
            game.spawn("big")
        except ConnectionLostError as error:
            os._exit("the process that has forked" not in str(error))
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert game.spawn("big", 2) == 2
    game.close()
"""

SUBSCRIBED = """
    game = stagedoor.connect(url, timeout=10)
    rocks = game.subscribe("rocks")
    pid = os.fork()
    if pid == 0:
        for _ in range(1000):
            try:
                rocks.get(0.01)
            except TimeoutError:
                if rocks.is_live:
                    os._exit(rocks.reconnected != 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert rocks.is_live and rocks.reconnected == 0
    game.close()
"""

SUBSCRIBED_ASYNC = """
    async def begin():
        game = await stagedoor.connect_async(url, timeout=10)
        return game, await game.subscribe("rocks")

    loop = asyncio.new_event_loop()
    game, rocks = loop.run_until_complete(begin())
    pid = os.fork()
    if pid:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert rocks.is_live and rocks.reconnected == 0
        loop.run_until_complete(game.close())
        loop.close()
    else:
        async def child():
            for _ in range(1000):
                try:
                    await rocks.get(0.01)
                except TimeoutError:
                    if rocks.is_live:
                        return rocks.reconnected != 1
            return 2
        os._exit(asyncio.run(child()))
"""

SUBSCRIBED_WITHOUT_RECONNECT = """
    from stagedoor.client.errors import ConnectionLostError
    game = stagedoor.connect(url, timeout=10, reconnect=False)
    rocks = game.subscribe("rocks")
    pid = os.fork()
    if pid == 0:
        try:
            rocks.get(10)
        except ConnectionLostError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    game.close()
"""

NOT_USED = """
    game = stagedoor.connect(url, timeout=10)
    pid = os.fork()
    if pid:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert game.spawn("big", 2) == 2
        game.close()
"""


def run(code: str, url: str) -> None:
    program = "import asyncio, os, stagedoor\n" + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"url = {url!r}\n{program}"],
        env=os.environ | {"PYTHONPATH": str(Path(stagedoor.__file__).parents[1])},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("code", "connections"),
    [(SYNC, 2), (ASYNC, 2), (SUBSCRIBED, 2), (SUBSCRIBED_ASYNC, 2), (WITHOUT_RECONNECT, 1),
     (SUBSCRIBED_WITHOUT_RECONNECT, 1), (NOT_USED, 1)],
    ids=["blocking", "asyncio", "subscribed", "subscribed, asyncio", "without reconnect",
         "subscribed, without reconnect", "not used"],
)  # fmt: skip
def test_the_child_has_a_connection_of_its_own_and_the_parents_is_as_before(
    code: str, connections: int
) -> None:
    with running(FakeStage()) as game:
        run(code, game.url)
        assert game.connections == connections


def test_a_client_is_not_kept() -> None:
    class Thing:
        def begin_again(self) -> None: ...

    thing = Thing()
    watch_forks(thing)
    assert thing in _watched
    del thing
    gc.collect()
    assert not [one for one in _watched if isinstance(one, Thing)]
