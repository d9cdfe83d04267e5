"""`Desk`: what takes a disk is done on a thread, and the game goes on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from stagedoor.live.net import threads
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.wire.errors import InternalError

T = TypeVar("T")


class Desk:
    """Does one thing at a time, on a thread of its own that ends with it."""

    def __init__(self, what: str) -> None:
        """`what` is done here: the name of the threads."""
        self._what = what
        self._is_free = threads.Lock()

    def do(self, work: Callable[[], T]) -> Generator[Any, None, T]:
        """Do this, for a method that is a generator: `found = yield from desk.do(work)`. Waits
        while something else is done. Raises what the work raises."""
        while not self._is_free.acquire(blocking=False):
            yield NEXT_FRAME
        outcome: list[Callable[[], T]] = []

        def run() -> None:
            try:
                result = work()
                outcome.append(lambda: result)
            except BaseException as error:
                raised = error
                outcome.append(lambda: _raise(raised))
            finally:
                self._is_free.release()

        try:
            threads.start(run, name=f"stagedoor-{self._what}")
        except RuntimeError as error:
            self._is_free.release()
            raise InternalError(f"no thread for a {self._what}: {error}") from error
        while not outcome:
            yield NEXT_FRAME
        return outcome[0]()


def _raise(error: BaseException) -> Any:
    raise error
