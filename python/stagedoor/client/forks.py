"""What becomes of a client in a forked child: `watch_forks()`. Its connection is the parent's."""

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """Something with a connection."""

    def begin_again(self) -> None:
        """This process is a forked child, and the connection is its parent's: let go of it without
        a word on it, and of all locks. Only the thread that has forked is left."""


_watched: "weakref.WeakSet[Forked]" = weakref.WeakSet()


def watch_forks(thing: Forked) -> None:
    """Have `begin_again()` called in each forked child. Does not keep the thing. Any thread may
    call."""
    _watched.add(thing)


def _after_fork_in_child() -> None:
    for thing in list(_watched):
        thing.begin_again()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
