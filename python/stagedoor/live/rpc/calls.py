"""`Call` and `Runner`: the calls that are not answered at once."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from stagedoor.live.net import threads
from stagedoor.live.rpc import answers
from stagedoor.live.rpc.audit import MAX_PARAMS
from stagedoor.live.rpc.coroutines import Coroutines, Outcome, raising
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.live.rpc.signature import Arguments
from stagedoor.live.rpc.threads import Threads
from stagedoor.live.rpc.turns import InTurn
from stagedoor.wire.errors import CANCELLED, Cancelled, InternalError, RpcError, TimedOut
from stagedoor.wire.jsonrpc import Request

if TYPE_CHECKING:
    from stagedoor.live.rpc.session import Session

NEXT_FRAME: Final = object()
"""What a built-in generator yields to be continued in the next frame without telling progress."""
THIS_FRAME: Final = object()
"""What a built-in generator yields to be continued as soon as it has a turn again."""

current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)
"""The call that this code runs for, also in the tasks and threads that it has started; it may be
over. None for a plain method, and for code that nobody has called."""


class Call:
    """A call under way.

    It ends once: by its outcome, a timeout, a cancel, or because its caller has left.
    """

    def __init__(
        self,
        session: Session,
        request: Request,
        method: Method,
        answer: Callable[[bytes], None],
        size: int,
    ) -> None:
        """`size`: the bytes of the session's memory that it keeps."""
        self.session = session
        # The params may be large, and the audit keeps no more of them.
        params = None if request.params is None else request.params[: MAX_PARAMS + 1]
        self.request = Request(request.method, params, request.id)
        self.method = method
        self.role = session.role or method.role
        """The caller's role when it began."""
        self.began = monotonic()
        self.deadline = None if method.timeout is None else monotonic() + method.timeout
        self.stop: Callable[[], object] = lambda: None
        """Makes what runs end, where it can be made to."""
        self.is_over = False
        self.must_stop = False
        """The understudy has ended the call, and what runs for it goes on."""
        self.is_running = False
        """A coroutine or a thread is still to come to its end, perhaps after the call's."""
        self._kept = [size]
        self._answer = answer
        self._end = threads.Lock()
        """Who acquires it ends the call."""
        self._followers: deque[Callable[[], object]] = deque()

    def end(self, outcome: Outcome) -> None:
        """Answer with the outcome, unless the call is over: then it is dropped."""
        if not self._end.acquire(blocking=False):
            return
        self._is_ended()
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
            self._is_ended()
            answers.note(self.session, self.method, self.request.params, CANCELLED, self.began)
            self._tell_followers()
        self._stop()

    @property
    def has_task(self) -> bool:
        """A coroutine is still to come to its end."""
        return self.is_running and self.method.kind is Kind.COROUTINE

    def _is_ended(self) -> None:
        self.is_over = True
        self.session.calls.discard(self)
        self.let_go()

    def let_go(self) -> None:
        """Count its bytes no more, if it is over and nothing runs for it. A thread that ends calls
        this, too, so they are taken in one step."""
        if self.is_over and not self.is_running:
            with suppress(IndexError):
                self.session.memory.give(self._kept.pop())

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


@dataclass(slots=True)
class _Steps:
    """A generator that runs for a call."""

    call: Call
    generator: Generator[Any, Any, Any]
    frame: int
    """The one in which it has had its last step: see `Runner._frame`."""


class Runner:
    """Runs coroutines, generators and threads for their callers. Game thread only.

    Generators take their steps in turn, one of each client and again, until the time of the frame
    is up. Those left have theirs first in the next frame.
    """

    def __init__(
        self, threads: Threads, coroutines: Coroutines, is_time_up: Callable[[], bool]
    ) -> None:
        self.calls: set[Call] = set()
        """Those under way, and those that have just ended."""
        self._threads = threads
        self._is_time_up = is_time_up
        self._frame = 0
        """Counts the calls of `step()`: a held game has them, too."""
        self._generators: InTurn[_Steps] = InTurn()
        self._coroutines = coroutines
        self._finished: deque[tuple[Call, Outcome]] = deque()

    def start(self, call: Call, arguments: Arguments) -> None:
        """Begin; the call is answered when it ends."""
        self.calls.add(call)
        call.session.calls.add(call)
        try:
            self._start(call, arguments)
        except BaseException as error:  # of the function itself
            if call.is_over:  # this is Ctrl-C, on its way to the game
                raise
            call.end(raising(error))

    def _start(self, call: Call, arguments: Arguments) -> None:
        match call.method.kind:
            case Kind.COROUTINE:
                coroutine = call.method.invoke(call.session, arguments)
                before = current_call.set(call)
                try:
                    self._coroutines.start(call, coroutine)  # its context is a copy of this one
                finally:
                    current_call.reset(before)
            case Kind.GENERATOR:
                generator = call.method.invoke(call.session, arguments)
                call.stop = partial(_close, generator)
                self._advance(_Steps(call, generator, self._frame + 1))
            case _:
                name = f"stagedoor-{call.method.name}"
                call.is_running = True
                try:
                    thread = threads.start(self._work, call, arguments, name=name)
                except RuntimeError as error:
                    call.is_running = False
                    call.fail(InternalError(f"no thread for {call.method.name}: {error}"))
                else:
                    self._threads.add(call.session, call.method, thread)

    def step(self) -> None:
        """Once a frame: go on with what is under way, and end what has taken too long."""
        while self._finished:
            call, outcome = self._finished.popleft()
            call.end(outcome)
            if self._is_time_up():
                break
        for call in [call for call in self.calls if call.must_stop]:
            call._stop()
        self._frame += 1
        for _, steps in self._generators.take(lambda steps: steps.frame != self._frame):
            if not steps.call.is_over:
                steps.frame = self._frame
                self._advance(steps)
                if self._is_time_up():
                    break
        self._coroutines.step()
        if self.calls:
            now = monotonic()
            for call in [c for c in self.calls if c.deadline is not None and now >= c.deadline]:
                if not call.is_over:
                    call.fail(TimedOut(call.method.timeout or 0.0))
            self.calls = {call for call in self.calls if not call.is_over or call.has_task}

    def _advance(self, steps: _Steps) -> None:
        """One step. Unless it was the last, the next has its turn in the next frame, or in this one
        if the generator says so."""
        call = steps.call
        before = current_call.set(call)
        try:
            value = next(steps.generator)
        except StopIteration as stop:
            result = stop.value
            call.end(lambda: result)
        except BaseException as error:
            call.end(raising(error))
        else:
            if value is THIS_FRAME:
                steps.frame = -1
                self._generators.add_first(call.session, steps)
                return
            self._generators.add(call.session, steps)
            if value is not NEXT_FRAME:
                call.progress(value)
        finally:
            current_call.reset(before)

    def _work(self, call: Call, arguments: Arguments) -> None:
        """On a thread of its own."""
        current_call.set(call)
        outcome: Outcome
        try:
            result = call.method.invoke(call.session, arguments)
            outcome = lambda: result  # noqa: E731
        except BaseException as error:
            # Here, because KeyboardInterrupt on this thread is not the game's.
            outcome = raising(answers.told(call.session, call.method, error))
        call.is_running = False
        call.let_go()
        if not call.is_over:
            self._finished.append((call, outcome))

    def close(self) -> None:
        """End every call; the loop that the stage owns is closed."""
        for call in list(self.calls):
            call.fail(Cancelled())
        self.calls.clear()
        self._generators.clear()
        self._coroutines.close()


def _close(generator: Generator[Any, Any, Any]) -> None:
    if inspect.getgeneratorstate(generator) != inspect.GEN_RUNNING:  # it ends its own call
        generator.close()
