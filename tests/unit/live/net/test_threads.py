"""Threads and locks of the system, whatever a program has put in their place."""

from __future__ import annotations

import _thread
import ast
import threading
from pathlib import Path

import pytest

import stagedoor
from stagedoor.live.net import threads

LIVE = Path(stagedoor.__file__).with_name("live")
REPLACED = {"Thread", "Timer", "Lock", "RLock", "Condition", "Event", "Semaphore", "Barrier"}
"""What gevent and eventlet replace, of `threading`."""


@pytest.fixture(params=["as it is", "replaced"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `patch_all()` leaves: nothing here may be used."""
    if request.param == "replaced":

        def greenlet(*_: object) -> int:
            raise AssertionError("a greenlet was asked for")

        for module in (_thread, threading):
            for name in ("get_ident", "start_new_thread", "allocate_lock", "Lock", "RLock"):
                for found in {name, f"_{name}"} & vars(module).keys():
                    monkeypatch.setattr(module, found, greenlet)
    return str(request.param)


def test_a_thread_runs_and_has_its_name(world: str) -> None:
    done: list[object] = []
    thread = threads.start(lambda *given: done.append((given, threads.get_ident())), 1, 2, name="x")
    thread.join()
    assert done == [((1, 2), thread.ident)]
    assert thread.name == "x"
    assert thread.daemon


def test_locks_hold_between_threads(world: str) -> None:
    lock, again = threads.Lock(), threads.RLock()
    seen: list[bool] = []
    with lock, again, again:
        threads.start(
            lambda: seen.extend([lock.acquire(blocking=False), again.acquire(blocking=False)]),
            name="x",
        ).join()
    assert seen == [False, False]


def test_a_thread_that_the_system_does_not_give_is_a_runtime_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="new thread"):
        threads.start(lambda: None, name="x")


@pytest.mark.parametrize("file", sorted(LIVE.rglob("*.py")), ids=lambda file: file.stem)
def test_nothing_else_makes_threads_or_locks(file: Path) -> None:
    if file == Path(threads.__file__):
        return
    assert _made(file.read_text()) == []


def test_this_test_sees_those_that_are_made() -> None:
    assert _made("import threading\nlock = threading.Lock()") == ["threading.Lock"]
    assert _made("from threading import RLock\nlock = RLock()") == ["RLock"]
    assert _made("from stagedoor.live.net.threads import RLock\nlock = RLock()") == []
    assert _made("import threading\ndef join(thread: threading.Thread) -> None: ...") == []


def _made(source: str) -> list[str]:
    """What of `threading` is made in a module."""
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "threading"
        for alias in node.names
    }
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    wrong = {f"threading.{name}" for name in REPLACED} | (imported & REPLACED)
    return [call for call in calls if call in wrong]
