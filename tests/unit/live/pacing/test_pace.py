"""`Pace`: pause, steps and time scale, without a game."""

from __future__ import annotations

import math

import pytest

from stagedoor.live.pacing.pace import USUAL_DT, Pace


@pytest.fixture
def pace() -> Pace:
    return Pace()


def frame(pace: Pace, dt: float) -> float | None:
    """One frame; what the game gets, None if it is held."""
    pace.begin(dt)
    return None if pace.is_held else pace.release()


def test_a_game_that_nobody_touches_gets_its_own_dt(pace: Pace) -> None:
    assert [frame(pace, dt) for dt in (0.016, 0.0, 0.5)] == [0.016, 0.0, 0.5]
    assert pace.is_usual


def test_a_paused_game_is_held_and_then_gets_the_dt_it_came_with(pace: Pace) -> None:
    pace.begin(0.016)
    pace.pause()
    assert pace.is_held
    assert not pace.is_usual
    pace.resume()
    assert not pace.is_held
    assert pace.release() == 0.016
    assert frame(pace, 0.02) == 0.02
    assert pace.is_usual


@pytest.mark.parametrize("count", [1, 10])
def test_a_step_is_exactly_so_many_frames_with_the_last_dt_before_the_pause(
    pace: Pace, count: int
) -> None:
    frame(pace, 0.016)
    pace.begin(0.02)
    pace.pause()
    steps = pace.step(count)
    assert pace.steps == count
    given = [pace.release()]
    while (dt := frame(pace, 5.0)) is not None:
        given.append(dt)
        assert not steps.is_done
    assert given == [0.02] * count
    assert steps.is_done
    assert pace.steps == 0
    pace.resume()
    assert pace.release() == 5.0, "the tick that was held gives its own"


def test_a_step_pauses_a_game_that_runs(pace: Pace) -> None:
    pace.begin(0.016)
    steps = pace.step(2)
    assert pace.paused
    assert pace.release() == 0.016
    assert frame(pace, 0.3) == 0.016
    assert not steps.is_done
    assert frame(pace, 0.3) is None
    assert steps.is_done


def test_steps_asked_for_meanwhile_come_after_and_each_knows_when_it_is_done(pace: Pace) -> None:
    pace.begin(0.016)
    first, second = pace.step(2), pace.step(1)
    done = []
    pace.release()
    while True:
        held = frame(pace, 0.1) is None
        done.append((first.is_done, second.is_done))
        if held:
            break
    assert done == [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize("ended_by", ["pause", "resume"])
def test_a_resume_or_a_pause_calls_off_the_steps_that_are_left(pace: Pace, ended_by: str) -> None:
    pace.begin(0.016)
    first, second = pace.step(5), pace.step(5)
    pace.release()
    pace.begin(0.016)
    getattr(pace, ended_by)()
    assert (first.done, first.is_called_off, second.is_called_off) == (1, True, True)
    assert pace.is_held == (ended_by == "pause")
    assert pace.steps == 0


def test_one_callers_steps_can_be_called_off(pace: Pace) -> None:
    pace.begin(0.016)
    first, second = pace.step(5), pace.step(1)
    pace.call_off(first)
    pace.call_off(first)
    assert pace.release() == 0.016
    assert frame(pace, 0.016) is None
    assert (first.is_called_off, second.is_done) == (True, True)


def test_a_step_without_any_frame_before_gets_the_usual_dt(pace: Pace) -> None:
    pace.begin(0.0)
    pace.step(1)
    assert pace.release() == USUAL_DT


def test_a_pause_between_two_frames_is_as_one_in_the_second(pace: Pace) -> None:
    pace.pause()
    assert frame(pace, 0.016) is None
    pace.step(1)
    assert pace.release() == 0.016
    assert frame(pace, 0.5) is None
    pace.step(1)
    assert pace.release() == 0.016


def test_a_frame_without_time_does_not_make_steps_of_no_time(pace: Pace) -> None:
    frame(pace, 0.016)
    pace.begin(0.0)  # a long call has eaten it
    pace.step(1)
    assert pace.release() == 0.016


@pytest.mark.parametrize("dt", [-0.02, math.inf, -math.inf, math.nan])
def test_a_dt_that_is_no_duration_is_the_games_but_no_steps(pace: Pace, dt: float) -> None:
    pace.begin(0.02)
    pace.release()
    pace.begin(dt)
    assert str(pace.release()) == str(dt)
    pace.begin(dt)
    pace.pause()
    pace.step(1)
    assert pace.release() == 0.02


def test_the_time_scale_holds_for_frames_and_for_steps(pace: Pace) -> None:
    pace.scale(0.5)
    assert not pace.is_usual
    assert frame(pace, 0.016) == 0.008
    pace.begin(0.016)
    pace.pause()
    pace.scale(2.0)
    pace.step(1)
    assert pace.release() == 0.032
    pace.begin(0.1)
    pace.resume()
    assert pace.release() == 0.2
    pace.scale(1.0)
    assert frame(pace, 0.016) == 0.016
    assert pace.is_usual


def test_listeners_hear_of_each_change_and_of_the_end_of_a_step(pace: Pace) -> None:
    heard: list[tuple[bool, int, float]] = []
    pace.listeners.append(lambda: heard.append((pace.paused, pace.steps, pace.timescale)))
    pace.begin(0.016)
    pace.pause()
    pace.pause()
    pace.step(1)
    pace.release()
    pace.begin(0.016)
    pace.scale(3.0)
    pace.resume()
    pace.resume()
    assert heard == [(True, 0, 1), (True, 1, 1), (True, 0, 1), (True, 0, 3), (False, 0, 3)]


def test_after_the_end_nothing_holds_the_game(pace: Pace) -> None:
    pace.begin(0.016)
    pace.pause()
    pace.end()
    assert not pace.is_held
    pace.pause()
    assert not pace.is_held
    assert pace.release() == 0.016
