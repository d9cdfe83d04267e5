"""`Coroutines`: runs coroutines for their callers, a step at a time.

They run in the game's asyncio loop if it runs one, and otherwise in a loop that the stage steps
once a frame. Either way they take no more of a frame than callers may: a coroutine that could go
on when the time is up waits for a turn, and clients take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from time import perf_counter
from types import coroutine as from_generator
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.net.complaints import Complaints
from stagedoor.live.rpc.turns import InTurn
from stagedoor.wire.errors import Cancelled

if TYPE_CHECKING:
    from stagedoor.live.rpc.calls import Call

_LAST_STEPS: Final = 10
"""Of the stage's own loop, for coroutines that clean up when the stage closes."""

_NO_FRAME: Final = 0.1
"""Seconds without a frame after which coroutines in the game's loop have another turn."""

Outcome = Callable[[], object]
"""Gives the result of a call, or raises."""


class Coroutines:
    """The coroutines of one stage. Game thread only."""

    def __init__(
        self, budget: float, is_time_up: Callable[[], bool], complaints: Complaints
    ) -> None:
        """In the stage's own loop they go on until `is_time_up`; in the game's they take `budget`
        seconds between two frames."""
        self._budget = budget
        self._is_time_up = is_time_up
        self._complaints = complaints
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Outcome]] = set()
        self._waiting: InTurn[asyncio.Future[None]] = InTurn()
        """Those that could go on and have no turn yet."""
        self._spent = 0.0
        """Seconds since the last frame."""
        self._is_stepping = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, call: Call, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Begin; the call ends with the coroutine."""
        loop = asyncio._get_running_loop() or self._own_loop()
        task = loop.create_task(_guarded(call, self._run(call, coroutine)))

        def done(task: asyncio.Task[Outcome]) -> None:
            self._tasks.discard(task)
            call.is_running = False
            call.let_go()
            if task.cancelled():
                call.end(raising(Cancelled()))
                coroutine.close()  # it may have been cancelled before it began
            elif task.exception() is None:  # otherwise Ctrl-C has ended it, and the call
                call.end(task.result())

        self._tasks.add(task)
        call.is_running = True
        task.add_done_callback(done)
        call.stop = task.cancel

    @from_generator
    def _run(self, call: Call, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The coroutine, with a turn before each of its steps. It needs none to be ended."""
        value: Any = None
        error: BaseException | None = None
        while True:
            if error is None:
                try:
                    yield from self._turn(call)
                except BaseException as raised:
                    error = raised
            began = perf_counter()
            try:
                awaited = coroutine.send(value) if error is None else coroutine.throw(error)
            except StopIteration as stop:
                return stop.value
            finally:
                self._spent += perf_counter() - began
                if self._waiting and not self._is_stepping and self._spent < self._budget:
                    self._give_turn()
            value = error = None
            try:
                value = yield awaited
            except BaseException as raised:
                error = raised

    def _turn(self, call: Call) -> Generator[Any, None, None]:
        """Wait for a turn, if others do or there is no time."""
        is_late = self._is_time_up() if self._is_stepping else self._spent >= self._budget
        if is_late or self._waiting:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(call.session, future)
            if not self._is_stepping and self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(_NO_FRAME, self._miss_frame)
            yield from future

    def _miss_frame(self) -> None:
        """The game has not had a frame for a while: it may be a program without any."""
        self._timer = None
        self._spent = 0.0
        if self._waiting:
            self._give_turn()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_NO_FRAME, self._miss_frame)

    def _give_turn(self) -> None:
        for _, future in self._waiting.take(lambda _: True):
            if not future.done():  # it was not cancelled meanwhile
                future.set_result(None)
                return

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        """For a game that runs none: stepped once a frame while something is pending in it."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(self._complain)
        return self._loop

    def step(self) -> None:
        """Once a frame: go on with those that can, at least one of those that wait for a turn."""
        self._spent = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if asyncio._get_running_loop() is not None:
            if self._waiting:
                self._give_turn()  # each gives the next, while there is time
            return  # the stage's own loop cannot nest
        if self._loop is None or not self._tasks:
            return
        self._is_stepping = True
        try:
            self._step_loop(self._loop)
            while self._waiting:
                self._give_turn()
                self._step_loop(self._loop)
                if self._is_time_up():
                    break
        finally:
            self._is_stepping = False

    def _step_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.call_soon(loop.stop)
        try:
            loop.run_forever()
        except (Exception, SystemExit) as error:
            # Of a task that a method has started: it goes through the loop, which can go on.
            text = "a task in the stage's loop ended its turn; the game goes on"
            self._complaints.add("task", text, error=error)

    def _complain(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What the stage's loop cannot tell anybody else, as that a task has raised."""
        self._complaints.add("task", "%s", context["message"], error=context.get("exception"))

    def close(self) -> None:
        """End the stage's own loop. The coroutines in it were cancelled before."""
        if self._loop is not None:
            loop, self._loop = self._loop, None
            for _ in range(_LAST_STEPS):  # those cancelled come to their end
                if self._tasks and asyncio._get_running_loop() is None:
                    while self._waiting:
                        self._give_turn()
                    self._step_loop(loop)
            loop.close()


async def _guarded(call: Call, run: Any) -> Outcome:
    try:
        result = await run
    except asyncio.CancelledError:
        raise
    except KeyboardInterrupt as error:  # it goes through the loop, and ends the game
        call.end(raising(error))
        raise
    except BaseException as error:  # SystemExit would go through the loop, too
        return raising(error)
    return lambda: result


def raising(error: BaseException) -> Outcome:
    """An outcome that raises this."""

    def outcome() -> object:
        raise error

    return outcome
