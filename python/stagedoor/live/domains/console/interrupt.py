"""`Interruptible`: something that runs on the game's thread, and that another thread can end.

CPython has one way to do that: to ask for an exception in a thread
(`PyThreadState_SetAsyncExc`). It is raised between two bytecodes, at some later moment. Hence the
rules here, so that it never hits the game's own code:

1. It is asked for only under the lock, and while the frame of `_begun()` is on the thread's stack.
2. Who leaves that frame takes the lock, calls off what was asked for, and lets go. So at most one
   can come between the frame's end and that, and `run()` is ready for one there.
3. After one was called off, another is asked for, and awaited: `_settle()`. Up to Python 3.12 the
   interpreter would look for the first at each step, for ever, and a profiler would never return.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, TypeVar

from stagedoor.live.net import threads
from stagedoor.live.rpc.stall import Place

T = TypeVar("T")


class Interrupted(BaseException):
    """What runs was ended from outside. Not an `Exception`, which code catches to go on."""


class _Settled(BaseException):
    """Comes at once, and is nobody's."""


_ask: Final = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)
_call_off: Final = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)


class Interruptible:
    """Runs one thing at a time. `run()` is for one thread, `interrupt()` for any other."""

    def __init__(self) -> None:
        self._lock: Any = threads.RLock()
        self._frame: FrameType | None = None
        """That of `_begun()`, while something runs."""
        self._thread = 0
        self._is_asked = False
        """Interrupted was asked for, since something runs."""

    @property
    def is_running(self) -> bool:
        """Something runs, or is just about to leave."""
        return self._frame is not None

    @property
    def where(self) -> Place | None:
        """Where in the code the thread is that runs it."""
        return Place.of(sys._current_frames().get(self._thread)) if self.is_running else None

    def run(self, what: Callable[[], T]) -> T:
        """What it returns or raises. Raises Interrupted if somebody has ended it."""
        self._thread = threads.get_ident()
        try:
            try:
                return self._begun(what)
            finally:
                self._leave()
        except Interrupted:
            self._leave()  # it may have come between the two steps above
            raise

    def interrupt(self) -> bool:
        """Have Interrupted raised where the thread is in Python code, now or when it comes back to
        that from a C call. False: nothing runs."""
        with self._lock:
            if not self._is_on_stack():
                return False
            self._is_asked = True
            _ask(self._thread, Interrupted)
            return True

    def _begun(self, what: Callable[[], T]) -> T:
        self._frame = sys._getframe()
        return what()

    def _leave(self) -> None:
        try:
            self._lock.acquire()
            self._frame = None
            if self._is_asked:
                _call_off(self._thread, None)
        finally:
            # Not `with`: the exception may come when the lock is taken, and before anything else.
            while self._lock._is_owned():
                self._lock.release()
        if self._is_asked:
            self._is_asked = False
            self._settle()

    def _settle(self) -> None:
        try:
            _ask(self._thread, _Settled)
            while True:
                pass
        except _Settled:
            pass
        except BaseException:  # Ctrl-C came before it
            _call_off(self._thread, None)
            self._settle()
            raise

    def _is_on_stack(self) -> bool:
        frame = sys._current_frames().get(self._thread) if self.is_running else None
        while frame is not None:
            if frame is self._frame:
                return True
            frame = frame.f_back
        return False
