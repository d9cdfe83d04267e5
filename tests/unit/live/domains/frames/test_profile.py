"""What a sampler sees of another thread, and what it leaves."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of

from stagedoor import _core
from stagedoor.live.domains.frames import methods, profile
from stagedoor.live.domains.frames.profile import MAX_DEPTH, Sampler, Seen
from stagedoor.wire.roles import Role


class Busy:
    """A thread that calls a function until it is to end."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self.is_over = False
        self.turns = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._thread.ident is not None
        self.ident = self._thread.ident
        deadline = time.monotonic() + PATIENCE
        while not self.turns:
            assert time.monotonic() < deadline

    def _run(self) -> None:
        while not self.is_over:
            self._work()
            self.turns += 1

    def end(self) -> None:
        self.is_over = True
        self._thread.join()


@pytest.fixture
def busy() -> Iterator[Callable[[Callable[[], object]], Busy]]:
    started: list[Busy] = []

    def start(work: Callable[[], object]) -> Busy:
        started.append(Busy(work))
        return started[-1]

    yield start
    for one in started:
        one.end()


def spin() -> None:
    for _ in range(1000):
        pass


def functions(seen: Seen) -> set[str]:
    return {seen.codes[number].co_name for stack in seen.stacks for number, _ in seen.calls(stack)}


def until_seen(name: str, thread: int, threshold: float | None = None) -> Seen:
    """Sample until a function was seen."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = Sampler(_core.Frames(), threshold).sample(thread, 0.05, 1000)
        if name in functions(seen):
            return seen
    pytest.fail(f"{name} was not seen")


def test_it_sees_what_the_thread_does(busy: Callable[[Callable[[], object]], Busy]) -> None:
    seen = until_seen("spin", busy(spin).ident)
    assert seen.samples > 0
    assert 0 < sum(seen.stacks.values()) <= seen.seconds * 1e9
    assert 0 < seen.cost < PATIENCE
    assert seen.frames == 1
    assert seen.omitted == 0


def test_it_leaves_the_interpreter_as_it_was(busy: Callable[[Callable[[], object]], Busy]) -> None:
    before = sys.getswitchinterval()
    Sampler(_core.Frames(), None).sample(busy(spin).ident, 0.02, 1000)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_a_switch_interval_that_somebody_sets_meanwhile_stays() -> None:
    before = sys.getswitchinterval()
    try:
        with profile._switching_every(0.001):
            sys.setswitchinterval(0.02)
        assert sys.getswitchinterval() == pytest.approx(0.02)
    finally:
        sys.setswitchinterval(before)


def test_it_ends_when_its_call_is_over() -> None:
    began = time.monotonic()
    Sampler(_core.Frames(), None).sample(threading.get_ident(), 3600.0, 1000, lambda: True)
    assert time.monotonic() - began < PATIENCE


def test_a_thread_that_is_gone_is_not_seen() -> None:
    seen = Sampler(_core.Frames(), None).sample(2**40, 0.01, 1000)
    assert (seen.samples, seen.stacks) == (0, {})


def test_a_deep_stack_is_cut() -> None:
    def deep(depth: int) -> Seen:
        if depth:
            return deep(depth - 1)
        sampler = Sampler(_core.Frames(), None)
        sampler._look(threading.get_ident(), 1)
        sampler._end_frame()
        return sampler._seen

    (stack,) = deep(2 * MAX_DEPTH).stacks
    assert len(list(Seen().calls(stack))) == MAX_DEPTH


def test_it_looks_less_often_if_that_takes_more_than_its_share(
    busy: Callable[[Callable[[], object]], Busy],
) -> None:
    thread = busy(spin).ident
    seen = Sampler(_core.Frames(), None).sample(thread, 0.05, 1000, share=1e-9)
    assert seen.samples == 1, "the next look would be due in a day"


class FakeFrames:
    """Frames whose times a test chooses."""

    def __init__(self, *totals: float) -> None:
        self.totals = totals
        self.number = 0

    def history(self, count: int, since: int, until: int) -> list[tuple[int, int, int]]:
        if until <= len(self.totals):
            return [(until, 0, round(self.totals[until - 1] * 1e9))]
        return []


def test_only_slow_frames_are_kept() -> None:
    core = FakeFrames(0.01, 0.05, 0.01, 0.03)
    sampler = Sampler(core, 0.02)  # type: ignore[arg-type]
    for number in (1, 1, 2, 2, 2, 3, 4):
        core.number = number
        sampler._look(threading.get_ident(), 1)
    sampler._end_frame()
    assert (sampler._seen.frames, sampler._seen.samples) == (2, 4)


def test_a_frame_that_goes_on_counts_by_how_long_it_was_looked_at() -> None:
    for duration, kept in ((15_000_000, 3), (5_000_000, 0)):
        core = FakeFrames()
        sampler = Sampler(core, 0.02)  # type: ignore[arg-type]
        core.number = 1
        for _ in range(3):
            sampler._look(threading.get_ident(), duration)
        sampler._end_frame(is_last=True)
        assert sampler._seen.samples == kept


def test_different_stacks_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "MAX_STACKS", 2)
    seen = Seen()
    for stack in (b"1", b"2", b"3", b"1"):
        seen.add(stack, 10)
    assert (seen.stacks, seen.samples, seen.omitted) == ({b"1": 20, b"2": 10}, 3, 1)


# The method


@pytest.fixture
def connection() -> FakeConnection:
    parts = parts_of(new_hub())
    methods.add_to(parts)
    return connect(parts.hub, Role.OPERATOR)


def answered(connection: FakeConnection) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := connection.messages()):
        assert time.monotonic() < deadline
        frame(connection.hub)
    return found[0]


@pytest.mark.parametrize(
    ("format", "kind"), [("tree", dict), ("speedscope", dict), ("collapsed", str)]
)
def test_a_profile_is_an_answer(connection: FakeConnection, format: str, kind: type) -> None:
    params = {"seconds": 0.05, "hz": 1000, "format": format}
    assert connection.call("frames.profile", params) is None
    assert type(answered(connection)["result"]) is kind


def test_one_is_made_at_a_time_and_ends_when_it_is_cancelled(connection: FakeConnection) -> None:
    assert connection.call("frames.profile", {"seconds": 60}, "first") is None
    other = connect(connection.hub, Role.OPERATOR)
    refused = other.call("frames.profile", {"seconds": 0.05})
    assert refused["error"]["code"] == -32005
    connection.on_close("gone")
    deadline = time.monotonic() + PATIENCE
    while any(thread.name == "stagedoor-frames.profile" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "params",
    [
        {"seconds": 0},
        {"seconds": 61},
        {"seconds": -1},
        {"hz": 0},
        {"hz": 1001},
        {"threshold": -1},
        {"format": "svg"},
        {"seconds": "5"},
    ],
)
def test_what_does_not_fit_is_told(connection: FakeConnection, params: Any) -> None:
    assert connection.call("frames.profile", params)["error"]["code"] == -32602


def test_viewers_may_not(connection: FakeConnection) -> None:
    viewer = connect(connection.hub, Role.VIEWER)
    assert viewer.call("frames.profile")["error"]["code"] == -32003
