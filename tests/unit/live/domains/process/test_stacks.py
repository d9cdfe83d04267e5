"""Where the threads are."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stagedoor.live.domains.process.stacks import MAX_FRAMES, ThreadStack, thread_stacks


class Worker:
    """Waits somewhere, as deep as it is told."""

    def __init__(self, depth: int = 0) -> None:
        self.is_there = threading.Event()
        self.may_go = threading.Event()
        self.thread = threading.Thread(
            target=self.go_down, args=(depth,), name="worker", daemon=True
        )
        self.thread.start()
        assert self.is_there.wait(10)

    def go_down(self, depth: int) -> None:
        if depth:
            self.go_down(depth - 1)
        else:
            self.is_there.set()
            self.may_go.wait()

    def stop(self) -> None:
        self.may_go.set()
        self.thread.join()

    def stack(self) -> ThreadStack:
        (found,) = [one for one in thread_stacks(0) if one.ident == self.thread.ident]
        return found


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def test_a_stack_is_told_outermost_first_with_its_lines(worker: Worker) -> None:
    stack = worker.stack()
    assert (stack.name, stack.daemon, stack.is_game_thread) == ("worker", True, False)
    functions = [frame.function for frame in stack.frames]
    assert functions[0] == "_bootstrap"
    (mine,) = [frame for frame in stack.frames if frame.function == "go_down"]
    assert mine.file == __file__
    assert mine.source == "self.may_go.wait()"
    assert stack.frames[-1].function == "wait"
    assert stack.omitted == 0


def test_the_games_thread_comes_first(worker: Worker) -> None:
    here = threading.get_ident()
    for ident in (here, worker.thread.ident):
        assert ident is not None
        first, *others = thread_stacks(ident)
        assert first.ident == ident
        assert first.is_game_thread
        assert not any(stack.is_game_thread for stack in others)


def test_of_deep_stacks_the_innermost_calls_are_told() -> None:
    worker = Worker(depth=300)
    try:
        stack = worker.stack()
    finally:
        worker.stop()
    assert len(stack.frames) == MAX_FRAMES
    assert stack.omitted > 200
    assert stack.frames[-1].function == "wait"


def test_code_without_a_file_has_no_source() -> None:
    stacks: list[ThreadStack] = []
    code = compile("def f():\n    stacks.extend(find(0))\nf()", "<made \udcff up>", "exec")
    exec(code, {"stacks": stacks, "find": thread_stacks})
    mine = [stack for stack in stacks if stack.ident == threading.get_ident()]
    (frame,) = [frame for frame in mine[0].frames if frame.function == "f"]
    assert (frame.file, frame.line, frame.source) == ("<made \\udcff up>", 2, "")
