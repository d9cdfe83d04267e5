"""`Desk`: work on a thread, one thing at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

from stagedoor.live.domains.desk import Desk
from stagedoor.live.rpc.calls import NEXT_FRAME

PATIENCE = 60.0


def finish(steps: Generator[Any, None, Any]) -> Any:
    """Step until it is done."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            assert next(steps) is NEXT_FRAME
        except StopIteration as stop:
            return stop.value
        time.sleep(0.001)
    pytest.fail("the work is not done")


def test_the_work_is_done_on_another_thread_and_its_result_comes_back() -> None:
    assert finish(Desk("save").do(threading.get_ident)) != threading.get_ident()


def test_what_it_raises_comes_back() -> None:
    def fail() -> None:
        raise OSError("no disk")

    desk = Desk("save")
    with pytest.raises(OSError, match="no disk"):
        finish(desk.do(fail))
    assert finish(desk.do(lambda: 1)) == 1


@pytest.mark.parametrize("end", [lambda steps: finish(steps), lambda steps: steps.close()])
def test_one_thing_is_done_at_a_time_and_others_wait_until_its_thread_ends(
    end: Callable[[Generator[Any, None, Any]], object],
) -> None:
    desk, may_end = Desk("save"), threading.Event()
    done: list[str] = []

    def first() -> None:
        may_end.wait(PATIENCE)
        done.append("first")

    steps, others = desk.do(first), desk.do(lambda: done.append("other"))
    for _ in range(10):
        assert next(steps) is next(others) is NEXT_FRAME
    assert done == []
    may_end.set()
    end(steps)
    finish(others)
    assert done == ["first", "other"]


def test_no_thread_is_an_error_and_leaves_the_desk_free(monkeypatch: pytest.MonkeyPatch) -> None:
    from stagedoor.live.net import threads

    desk = Desk("save")
    with monkeypatch.context() as patch:
        patch.setattr(threads, "start", _no_thread)
        with pytest.raises(Exception, match="no thread for a save"):
            next(desk.do(lambda: 1))
    assert finish(desk.do(lambda: 1)) == 1


def _no_thread(*_: object, **__: object) -> None:
    raise RuntimeError("can't start new thread")
