"""`Threads`: how many threads run for callers. A thread counts until it ends, not until its call
does: a call can be cancelled, a thread cannot."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from stagedoor.wire.errors import TooManyRequests

if TYPE_CHECKING:
    from stagedoor.limits import Limits
    from stagedoor.live.rpc.methods import Method
    from stagedoor.live.rpc.session import Session


class _Worker(NamedTuple):
    thread: Thread
    session: Session
    method: Method


class Threads:
    """The threads of a stage's `thread=True` methods. Game thread only."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._workers: list[_Worker] = []

    def check(self, session: Session, method: Method) -> None:
        """Raise TooManyRequests if there may be no thread more for this call."""
        self._workers = [worker for worker in self._workers if worker.thread.is_alive()]
        limits = self._limits
        if len(self._workers) >= limits.max_all_threads:
            raise TooManyRequests(f"{limits.max_all_threads} threads for all callers")
        if sum(worker.session is session for worker in self._workers) >= limits.max_threads:
            raise TooManyRequests(f"{limits.max_threads} threads")
        if method.is_single and any(worker.method is method for worker in self._workers):
            raise TooManyRequests(f"one {method.name} at a time")

    def add(self, session: Session, method: Method, thread: Thread) -> None:
        """Count a thread that runs."""
        self._workers.append(_Worker(thread, session, method))
