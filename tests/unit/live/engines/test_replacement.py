"""`Replacement`: a function of ours in the place of one that is written in C."""

from __future__ import annotations

import copy
import inspect
import pickle
import time

import pytest

from stagedoor.live.engines.replacement import Replacement


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Replacement:
    """In the place of `time.sleep`. Returns what it was called with."""
    ours = Replacement(time.sleep, lambda *arguments, **named: (arguments, named))
    monkeypatch.setattr(time, "sleep", ours)
    return ours


def test_it_is_called_with_what_the_real_one_was(sleep: Replacement) -> None:
    assert sleep(1, 2, three=3) == ((1, 2), {"three": 3})


def test_it_is_no_method_of_a_class_that_has_it(sleep: Replacement) -> None:
    class Game:
        pause = time.sleep

        def run(self) -> object:
            return self.pause(1)

    assert Game().run() == ((1,), {})


def test_it_looks_like_the_real_one(sleep: Replacement) -> None:
    real = sleep._real
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(sleep, name) == getattr(real, name)
    assert repr(sleep) == repr(real)
    assert callable(sleep)
    assert inspect.unwrap(sleep) is real


def test_pickled_and_copied_it_is_the_function_of_that_name(sleep: Replacement) -> None:
    assert pickle.loads(pickle.dumps(time.sleep)) is sleep
    assert copy.deepcopy(time.sleep) is copy.copy(time.sleep) is sleep


def test_one_may_stand_for_another(sleep: Replacement) -> None:
    assert Replacement(sleep, lambda: "outer")() == "outer"
    assert sleep(1) == ((1,), {})
