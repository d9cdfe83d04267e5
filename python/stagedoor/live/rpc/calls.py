"""`Call` and `Runner`: the calls that are not answered at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from stagedoor.live.net import threads
from stagedoor.live.net.complaints import Complaints
from stagedoor.live.rpc import answers
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.live.rpc.signature import Arguments
from stagedoor.wire.errors import CANCELLED, Cancelled, InternalError, RpcError, TimedOut
from stagedoor.wire.jsonrpc import Request

if TYPE_CHECKING:
    from stagedoor.live.rpc.session import Session

NEXT_FRAME: Final = object()
"""What a built-in generator yields to be continued in the next frame without telling progress."""

_LAST_STEPS: Final = 10
"""Of the stage's own loop, for coroutines that clean up when the stage closes."""

Outcome = Callable[[], object]
"""Gives the result of a call, or raises."""

current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)
"""The call that this code runs for, also in the tasks and threads that it has started; it may be
over. None for a plain method, and for code that nobody has called."""


class Call:
    """A call under way.

    It ends once: by its outcome, a timeout, a cancel, or because its caller has left.
    """

    def __init__(
        self, session: Session, request: Request, method: Method, answer: Callable[[bytes], None]
    ) -> None:
        self.session = session
        self.request = request
        self.method = method
        self.began = monotonic()
        self.deadline = None if method.timeout is None else monotonic() + method.timeout
        self.stop: Callable[[], object] = lambda: None
        """Makes what runs end, where it can be made to."""
        self.is_over = False
        self.must_stop = False
        """The understudy has ended the call, and what runs for it goes on."""
        self.has_task = False
        """A coroutine is still to come to its end, perhaps after the call's."""
        self._answer = answer
        self._end = threads.Lock()
        """Who acquires it ends the call."""
        self._followers: deque[Callable[[], object]] = deque()

    def end(self, outcome: Outcome) -> None:
        """Answer with the outcome, unless the call is over: then it is dropped."""
        if not self._end.acquire(blocking=False):
            return
        self.is_over = True
        self.session.calls.discard(self)
        try:
            try:
                answer = self._answer_of(outcome)
            except KeyboardInterrupt:
                answers.interrupted(self.request, self._answer)
                raise
            if answer is not None:
                self._answer(answer)
        finally:
            self._tell_followers()

    def when_over(self, do: Callable[[], object]) -> None:
        """Do this when the call has ended and was answered, on the thread that ended it. Any
        thread may ask."""
        self._followers.append(do)
        if self.is_over:
            self._tell_followers()

    def _tell_followers(self) -> None:
        while self._followers:
            self._followers.popleft()()

    def _answer_of(self, outcome: Outcome) -> bytes | None:
        session, request, method = self.session, self.request, self.method
        try:
            result = outcome()
        except BaseException as error:
            return answers.failed(session, request, method, error, self.began)
        return answers.returned(session, request, method, result, self.began)

    def fail(self, error: RpcError) -> None:
        """End the call from outside, and what runs for it."""

        def outcome() -> object:
            raise error

        self.end(outcome)
        self._stop()

    def expire(self) -> None:
        """Tell the caller that the time is up. From the understudy's thread: what runs is stopped
        by `Runner.step()`."""

        def outcome() -> object:
            raise TimedOut(self.method.timeout or 0.0)

        self.end(outcome)
        self.must_stop = True

    def drop(self) -> None:
        """End the call without an answer: the caller has left, or may not go on."""
        if self._end.acquire(blocking=False):
            self.is_over = True
            answers.note(self.session, self.method, self.request.params, CANCELLED, self.began)
            self._tell_followers()
        self._stop()

    def _stop(self) -> None:
        self.must_stop = False
        try:
            self.stop()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of the `finally` of a generator
            name, complaints = self.method.name, self.session.hub.complaints
            complaints.add(
                ("raised", name), "the method %s raised when it was stopped", name, error=error
            )

    def progress(self, value: object) -> None:
        """Tell the caller of a step."""
        if self.request.id is not UNSET and not self.is_over:
            self.session.notify("rpc.progress", {"id": self.request.id, "value": value})


class Runner:
    """Runs coroutines, generators and threads for their callers. Game thread only."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self.calls: set[Call] = set()
        """Those under way, and those that have just ended."""
        self._generators: list[tuple[Call, Generator[Any, Any, Any]]] = []
        self._begun: list[tuple[Call, Generator[Any, Any, Any]]] = []
        """Generators that have had their step of this frame."""
        self._finished: deque[tuple[Call, Outcome]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Outcome]] = set()

    def start(self, call: Call, arguments: Arguments) -> None:
        """Begin; the call is answered when it ends."""
        self.calls.add(call)
        call.session.calls.add(call)
        match call.method.kind:
            case Kind.COROUTINE:
                self._start_coroutine(call, call.method.invoke(call.session, arguments))
            case Kind.GENERATOR:
                generator = call.method.invoke(call.session, arguments)
                call.stop = generator.close
                if self._advance(call, generator):
                    self._begun.append((call, generator))
            case _:
                name = f"stagedoor-{call.method.name}"
                try:
                    threads.start(self._work, call, arguments, name=name)
                except RuntimeError as error:
                    call.fail(InternalError(f"no thread for {call.method.name}: {error}"))

    def step(self) -> None:
        """Once a frame: go on with what is under way, and end what has taken too long."""
        while self._finished:
            call, outcome = self._finished.popleft()
            call.end(outcome)
        for call in [call for call in self.calls if call.must_stop]:
            call._stop()
        if self._generators:
            self._generators = [
                (call, generator)
                for call, generator in self._generators
                if not call.is_over and self._advance(call, generator)
            ]
        self._generators += self._begun
        self._begun.clear()
        if self._loop is not None and self._tasks:
            self._step_loop(self._loop)
        if self.calls:
            now = monotonic()
            for call in [c for c in self.calls if c.deadline is not None and now >= c.deadline]:
                if not call.is_over:
                    call.fail(TimedOut(call.method.timeout or 0.0))
            self.calls = {call for call in self.calls if not call.is_over or call.has_task}

    def _advance(self, call: Call, generator: Generator[Any, Any, Any]) -> bool:
        """One step; False when it was the last."""
        before = current_call.set(call)
        try:
            value = next(generator)
        except StopIteration as stop:
            result = stop.value
            call.end(lambda: result)
            return False
        except BaseException as error:
            call.end(_raising(error))
            return False
        finally:
            current_call.reset(before)
        if value is not NEXT_FRAME:
            call.progress(value)
        return True

    def _start_coroutine(self, call: Call, coroutine: Coroutine[Any, Any, Any]) -> None:
        loop = asyncio._get_running_loop() or self._own_loop()
        before = current_call.set(call)
        try:
            task = loop.create_task(_guarded(coroutine))  # its context is a copy of this one
        finally:
            current_call.reset(before)

        def done(task: asyncio.Task[Outcome]) -> None:
            self._tasks.discard(task)
            call.has_task = False
            coroutine.close()  # one that was cancelled before it began
            error = None if task.cancelled() else task.exception()
            if task.cancelled() or isinstance(error, KeyboardInterrupt):
                call.end(_raising(Cancelled()))
            else:
                call.end(task.result() if error is None else _raising(error))

        self._tasks.add(task)
        call.has_task = True
        task.add_done_callback(done)
        call.stop = task.cancel

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        """For a game that runs none: stepped once a frame while something is pending in it."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(self._complain)
        return self._loop

    def _step_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        if asyncio._get_running_loop() is not None:
            return  # the game has begun to run a loop of its own; it cannot nest
        loop.call_soon(loop.stop)
        try:
            loop.run_forever()
        except SystemExit as error:
            # Of a task that a method has started: it goes through the loop, which can go on.
            text = "a task in the stage's loop raised SystemExit; the game goes on"
            self._complaints.add("task", text, error=error)

    def _complain(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What the stage's loop cannot tell anybody else, as that a task has raised."""
        self._complaints.add("task", "%s", context["message"], error=context.get("exception"))

    def _work(self, call: Call, arguments: Arguments) -> None:
        """On a thread of its own."""
        current_call.set(call)
        try:
            result = call.method.invoke(call.session, arguments)
        except BaseException as error:
            self._finished.append((call, _raising(error)))
        else:
            self._finished.append((call, lambda: result))

    def close(self) -> None:
        """End every call; the loop that the stage owns is closed."""
        for call in list(self.calls):
            call.fail(Cancelled())
        self.calls.clear()
        self._generators.clear()
        self._begun.clear()
        if self._loop is not None:
            loop, self._loop = self._loop, None
            for _ in range(_LAST_STEPS):  # those cancelled come to their end
                if self._tasks:
                    self._step_loop(loop)
            loop.close()


async def _guarded(coroutine: Coroutine[Any, Any, Any]) -> Outcome:
    try:
        result = await coroutine
    except (Exception, SystemExit) as error:
        # SystemExit would go through the loop and end the game.
        return _raising(error)
    return lambda: result


def _raising(error: BaseException) -> Outcome:
    def outcome() -> object:
        raise error

    return outcome
