"""Threads and locks of the system, also where a program has put something else in their place.

After `patch_all()` of gevent or eventlet, `threading` and `_thread` hand out greenlets, which take
turns on one thread, and locks for those. A greenlet that sleeps in native code would never let the
others go on. So what meets another thread uses `start()`, `Lock`, `RLock` and `get_ident()` of this
module. They come from a `_thread` of our own, which nobody can have patched.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable
from functools import cache
from importlib.machinery import ModuleSpec
from types import BuiltinFunctionType, ModuleType

__all__ = ["Lock", "RLock", "get_ident", "named", "start"]


def _made(spec: ModuleSpec | None) -> ModuleType:
    """Another module from where `import` finds the one that is used everywhere."""
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_thread = _made(importlib.util.find_spec("_thread"))

Lock: Callable[[], threading.Lock] = _thread.allocate_lock
RLock: Callable[[], threading._RLock] = _thread.RLock
get_ident: Callable[[], int] = _thread.get_ident


def start(target: Callable[..., object], *args: object, name: str) -> threading.Thread:
    """Start a daemon thread. Raises RuntimeError if the system has no thread to give."""
    kind: type[threading.Thread] = _threading().Thread
    thread = kind(target=target, args=args, name=name, daemon=True)
    thread.start()
    return thread


def named() -> dict[int | None, threading.Thread]:
    """The threads that Python has started, by their `ident`."""
    return {thread.ident: thread for thread in _threading().enumerate()}


def _threading() -> ModuleType:
    """`threading`, if its threads are the system's; otherwise one of our own."""
    used = sys.modules["_thread"]
    return threading if isinstance(used.get_ident, BuiltinFunctionType) else _own_threading()


@cache
def _own_threading() -> ModuleType:
    used = sys.modules["_thread"]
    sys.modules["_thread"] = _thread
    try:
        return _made(importlib.util.find_spec("threading"))
    finally:
        sys.modules["_thread"] = used
