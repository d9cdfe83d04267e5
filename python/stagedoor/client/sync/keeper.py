"""The thread that serves a blocking connection while nobody calls: `Keeper`."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable


class Keeper:
    """A thread that runs `look_after(keeper)` again and again until that returns False. It is a
    daemon: a program that ends does not wait for it."""

    def __init__(self, look_after: Callable[["Keeper"], bool]) -> None:
        self._look_after = look_after
        self._alarm, self._rope = socket.socketpair()
        self._alarm.setblocking(False)
        self._rope.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="stagedoor-client", daemon=True)
        self._thread.start()

    def sleep(self, seconds: float, opened: socket.socket | None = None) -> None:
        """Sleep for so many seconds, or until the socket can be read, or until `ring()`. Only the
        keeper's own thread may call."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._alarm, selectors.EVENT_READ)
            if opened is not None:
                with contextlib.suppress(ValueError, OSError):  # it was closed meanwhile
                    selector.register(opened, selectors.EVENT_READ)
            selector.select(max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            self._alarm.recv(4096)

    def ring(self) -> None:
        """Wake the thread. Any thread may call."""
        with contextlib.suppress(OSError):  # full: it wakes already; closed: it has ended
            self._rope.send(b"!")

    def join(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for the thread to end, unless it is the caller."""
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def abandon(self) -> None:
        """In a forked child, where the thread is not: close what it would have closed."""
        self._alarm.close()
        self._rope.close()

    def _run(self) -> None:
        while self._look_after(self):
            pass
        self._alarm.close()
        self._rope.close()
