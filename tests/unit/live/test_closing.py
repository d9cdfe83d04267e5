"""How a stage ends: `stage.close()` from anywhere, and a stage that nobody refers to any more."""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start, tick_until
from websockets.exceptions import ConnectionClosed

from stagedoor.live.stage import Stage

SAID = "bye"


def add_methods(stage: Stage) -> None:
    """Methods of all kinds, which close their stage and have more to do before they return."""

    @stage.rpc
    def plain() -> str:
        stage.close()
        return SAID

    @stage.rpc
    def twice() -> str:
        stage.close()
        stage.close()
        return SAID

    @stage.rpc
    def long() -> str:
        stage.close()
        return SAID + " " * 1_000_000

    @stage.rpc
    def on_a_thread_of_its_own() -> str:
        thread = threading.Thread(target=stage.close)
        thread.start()
        thread.join()
        return SAID

    @stage.rpc
    def by_a_signal() -> str:
        signal.raise_signal(signal.SIGUSR1)
        return SAID

    @stage.rpc
    def by_an_object_that_goes() -> str:
        Guard(stage)
        return SAID

    @stage.rpc
    def with_ticks() -> str:
        stage.close()
        stage.tick(0.0)
        return SAID

    @stage.rpc
    async def coroutine() -> str:
        stage.close()
        return SAID

    @stage.rpc
    async def coroutine_that_goes_on() -> str:
        stage.close()
        for _ in range(5):
            await asyncio.sleep(0.001)
        return SAID

    @stage.rpc
    async def coroutine_in_the_end() -> str:
        await asyncio.sleep(0)
        stage.close()
        return SAID

    @stage.rpc
    async def task_of_a_coroutine() -> str:
        async def close() -> None:
            stage.close()

        await asyncio.create_task(close())
        await asyncio.sleep(0.001)
        return SAID

    @stage.rpc
    async def thread_of_a_coroutine() -> str:
        await asyncio.to_thread(stage.close)
        await asyncio.sleep(0.001)
        return SAID

    @stage.rpc
    def generator() -> Generator[int, None, str]:
        yield 1
        stage.close()
        return SAID

    @stage.rpc
    def generator_that_goes_on() -> Generator[int, None, str]:
        stage.close()
        yield 1
        yield 2
        return SAID

    @stage.rpc(thread=True)
    def worker() -> str:
        stage.close()
        return SAID

    @stage.rpc(thread=True)
    def worker_that_goes_on() -> str:
        stage.close()
        time.sleep(0.01)
        return SAID


class Guard:
    """Closes a stage when it goes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __del__(self) -> None:
        self._stage.close()


METHODS = [
    "plain",
    "twice",
    "long",
    "on_a_thread_of_its_own",
    "by_a_signal",
    "by_an_object_that_goes",
    "with_ticks",
    "coroutine",
    "coroutine_that_goes_on",
    "coroutine_in_the_end",
    "task_of_a_coroutine",
    "thread_of_a_coroutine",
    "generator",
    "generator_that_goes_on",
    "worker",
    "worker_that_goes_on",
]
IN_BATCHES = ("plain", "twice", "by_a_signal", "on_a_thread_of_its_own")


def requests() -> list[Any]:
    """What a client may send to close the stage."""
    found = []
    for name in METHODS:
        request = {"jsonrpc": "2.0", "method": name, "id": 1}
        found.append(pytest.param(request, id=name))
        others = [{"jsonrpc": "2.0", "method": "game.status", "id": number} for number in (2, 3)]
        found.append(pytest.param([others[0], request, others[1]], id=f"{name} among others"))
        if name in IN_BATCHES:
            params = {"calls": [{"method": "game.status"}, {"method": name}]}
            batch = {"jsonrpc": "2.0", "method": "frame.batch", "params": params, "id": 1}
            found.append(pytest.param(batch, id=f"{name} in one frame with others"))
    return found


@pytest.fixture(autouse=True)
def _signal_handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


class Goodbye:
    """What a client hears."""

    def __init__(self, caller: Caller, request: object) -> None:
        self.answer: Any = None
        self.code: int | None = None
        self.error: BaseException | None = None
        self._client = caller.client
        self._client.send(json.dumps(request))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            while True:
                message = json.loads(self._client.recv(PATIENCE))
                if "method" not in message:  # progress
                    self.answer = message
        except ConnectionClosed as closed:
            self.code = None if closed.rcvd is None else closed.rcvd.code
        except BaseException as error:
            self.error = error

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def check(self) -> None:
        """The answer came, and the close after it. Other calls may have been cancelled."""
        assert self.error is None
        answers = self.answer if isinstance(self.answer, list) else [self.answer]
        results = {answer["id"]: answer.get("result") for answer in answers}
        assert SAID in json.dumps(results[1]), self.answer
        errors = {answer["error"]["code"] for answer in answers if "error" in answer}
        assert errors <= {-32006}
        assert self.code == 1001


def check_closed(stage: Stage, games_folder: Path) -> None:
    assert stage.url is None
    assert "closed" in repr(stage)
    assert list(games_folder.iterdir()) == []
    assert list(games_folder.with_name("tokens").iterdir()) == []
    assert [stage.tick(0.5) for _ in range(3)][-1] == 0.5


def check_goodbye(caller: Caller) -> None:
    """The client's connection ends as it should."""
    ended: ConnectionClosed | None = None
    while ended is None:
        try:
            caller.client.recv(PATIENCE)
        except ConnectionClosed as closed:
            ended = closed
    assert ended.rcvd is not None
    assert ended.rcvd.code == 1001


@pytest.mark.parametrize("request_", requests())
class TestAMethodThatClosesItsStage:
    """Its caller gets the answer, and then the connection is closed."""

    def test_in_a_game_with_a_loop_of_its_own(
        self, request_: Any, start: Start, games_folder: Path
    ) -> None:
        stage = start()
        add_methods(stage)
        signal.signal(signal.SIGUSR1, lambda *_: stage.close())
        with Caller(stage) as caller:
            goodbye = Goodbye(caller, request_)
            tick_until(stage, lambda: stage.port is None and goodbye.is_over)
            goodbye.check()
        check_closed(stage, games_folder)

    def test_in_a_game_on_asyncio(self, request_: Any, start: Start, games_folder: Path) -> None:
        async def main() -> None:
            stage = start()
            add_methods(stage)
            signal.signal(signal.SIGUSR1, lambda *_: stage.close())
            with Caller(stage) as caller:
                goodbye = Goodbye(caller, request_)
                deadline = time.monotonic() + PATIENCE
                while stage.port is not None or not goodbye.is_over:
                    assert time.monotonic() < deadline
                    await stage.frame(0.0)
                goodbye.check()
            check_closed(stage, games_folder)

        asyncio.run(main())


@pytest.mark.parametrize("name", [name for name in METHODS if "coroutine" in name])
def test_a_coroutine_closes_its_stage_in_a_program_without_frames(
    name: str, start: Start, games_folder: Path
) -> None:
    async def main() -> None:
        stage = start()
        add_methods(stage)
        with Caller(stage) as caller:
            goodbye = Goodbye(caller, {"jsonrpc": "2.0", "method": name, "id": 1})
            deadline = time.monotonic() + PATIENCE
            while stage.port is not None or not goodbye.is_over:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.001)
            goodbye.check()
        check_closed(stage, games_folder)

    asyncio.run(main())


class TestAnyOtherCodeThatClosesAStage:
    @pytest.fixture
    def stage(self, start: Start, games_folder: Path) -> Iterator[Stage]:
        stage = start()
        with Caller(stage) as caller:
            caller.call("game.status")
            yield stage
            tick_until(stage, lambda: stage.port is None)
            check_goodbye(caller)
        check_closed(stage, games_folder)

    def test_the_game(self, stage: Stage) -> None:
        stage.close()

    def test_what_a_watch_reads(self, stage: Stage) -> None:
        stage.watch("value", stage.close, history=1)

    def test_what_a_watch_reads_in_a_held_game(self, stage: Stage) -> None:
        reads = 0

        def read() -> None:
            nonlocal reads
            reads += 1
            if reads > 3:
                stage.close()

        stage.watch("value", read, history=1)
        stage._pace.pause()
        assert stage.tick(0.1) <= 0.1  # it returns

    def test_a_game_whose_time_is_scaled(self, stage: Stage) -> None:
        stage._pace.scale(0.5)
        stage.tick(1.0)
        stage.close()

    def test_a_signal_handler_outside_of_the_stage(self, stage: Stage) -> None:
        signal.signal(signal.SIGUSR1, lambda *_: stage.close())
        signal.raise_signal(signal.SIGUSR1)

    def test_an_object_that_goes(self, stage: Stage) -> None:
        Guard(stage)

    def test_another_thread(self, stage: Stage, games_folder: Path) -> None:
        thread = threading.Thread(target=stage.close)
        thread.start()
        thread.join()
        assert list(games_folder.iterdir()) == []

    def test_another_thread_while_the_game_is_held(self, stage: Stage) -> None:
        timer = threading.Timer(0.05, stage.close)
        timer.start()
        stage._pace.pause()
        assert stage.tick(0.1) <= 0.1  # it returns
        timer.join()

    def test_another_thread_while_the_game_does_not_come(self, stage: Stage) -> None:
        thread = threading.Thread(target=stage.close)
        thread.start()
        thread.join()
        deadline = time.monotonic() + PATIENCE
        while not stage._transport.is_closing:
            assert time.monotonic() < deadline
            time.sleep(0.001)


def run_program(source: str, folder: Path) -> None:
    """Play a game to its end, in a process of its own."""
    file = folder / "game.py"
    file.write_text(textwrap.dedent(source))
    ended = subprocess.run(
        [sys.executable, "-X", "dev", file],
        env=os.environ | {"STAGEDOOR": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "end",
    [
        "atexit.register(stage.close); loop(20)",
        "atexit.register(stage.close); loop(20); stage.close()",
        "class Guard:\n stage = stage\n def __del__(self): self.stage.close()\nguard = Guard()",
        "import threading; threading.Thread(target=loop, args=[20]).start(); stage.close()",
        "import weakref; weakref.finalize(stage, print); stage.close(); loop(20)",
    ],
)
def test_a_program_that_closes_it_at_its_end_ends_cleanly(
    end: str, tmp_path: Path, games_folder: Path
) -> None:
    run_program(
        f"""
import atexit, stagedoor
stage = stagedoor.start("game", port=0)
def loop(frames):
    for _ in range(frames):
        stage.tick(0.01)
{end.replace(", print", ", int")}
""",
        tmp_path,
    )
    assert list(games_folder.iterdir()) == []


class TestAStageThatNobodyRefersTo:
    """It is closed at once, without the garbage collector's help where that can be."""

    @pytest.fixture(autouse=True)
    def _no_collector(self, games_folder: Path) -> Iterator[None]:
        gc.disable()
        yield
        gc.enable()
        assert list(games_folder.iterdir()) == []

    def a_stage(self) -> Stage:
        stage = Stage.start("game", port=0)
        add_topics(stage)
        return stage

    def test_is_closed_and_listed_no_more(self, games_folder: Path) -> None:
        stage = self.a_stage()
        with Caller(stage) as caller:
            caller.call("topic.subscribe", "logs")
            caller.stage = None  # type: ignore[assignment]
            for _ in range(3):
                stage.tick(0.01)
            gone = weakref.ref(stage)
            del stage
            assert gone() is None
            assert list(games_folder.iterdir()) == []
            check_goodbye(caller)

    def test_is_closed_when_a_loop_serves_it(self, games_folder: Path) -> None:
        async def main() -> None:
            stage = self.a_stage()
            await stage.frame(0.1)
            del stage
            assert list(games_folder.iterdir()) == []
            stage = self.a_stage()
            with Caller(stage) as caller:
                caller.send("game.status")
                assert json.loads(await asyncio.to_thread(caller.client.recv, PATIENCE))["id"] == 1
                caller.stage = None  # type: ignore[assignment]
                del stage
                assert list(games_folder.iterdir()) == []
            await asyncio.sleep(0.01)

        asyncio.run(main())

    def test_is_closed_when_its_name_is_given_to_another(self, games_folder: Path) -> None:
        for _ in range(3):
            stage = self.a_stage()
            (file,) = games_folder.iterdir()
            assert file.name == f"{os.getpid()}-{stage.port}.json"
        stage.close()

    def test_is_closed_when_its_module_is_loaded_again(
        self, games_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "game_loaded_again.py").write_text(
            "from stagedoor.live.stage import Stage\n"
            "stage = Stage.start('game', port=0)\n"
            "@stage.rpc\n"
            "def leave() -> None:\n"
            "    stage.close()\n"
            "stage.watch('url', lambda: stage.url)\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        game = importlib.import_module("game_loaded_again")
        for _ in range(3):
            importlib.reload(game)
            (file,) = games_folder.iterdir()
            assert file.name == f"{os.getpid()}-{game.stage.port}.json"
        game.stage.close()

    def test_is_closed_by_the_collector_if_it_refers_to_itself(self, games_folder: Path) -> None:
        stage = self.a_stage()
        add_methods(stage)
        del stage
        assert len(list(games_folder.iterdir())) == 1
        gc.collect()
        assert list(games_folder.iterdir()) == []

    def test_is_closed_when_the_collector_comes_on_another_thread(self, games_folder: Path) -> None:
        async def main() -> None:
            stage = self.a_stage()
            add_methods(stage)
            await stage.frame(0.1)
            del stage
            await asyncio.to_thread(gc.collect)
            assert list(games_folder.iterdir()) == []

        asyncio.run(main())


def add_topics(stage: Stage) -> None:
    """What a game has, without a reference to its stage."""
    stage.watch("value", lambda: 1, history=3)
    stage.rpc(name="double")(lambda value: value * 2)
    stage.rpc_all("list", [])
    stage.emit("steps", 1)
    with stage.span("all"):
        pass
