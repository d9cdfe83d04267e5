"""`Turns`: which of the places that a loop passes is where its turn ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stagedoor.live.engines.turns import MOST_PLACES, Kind, Turns

CLOCK, PICTURE, EVENTS, SLEEP = Kind.CLOCK, Kind.PICTURE, Kind.EVENTS, Kind.SLEEP
MAIN, OTHER = 1, 2

Pass = tuple[Kind, object]


class Game:
    """Passes places, so many seconds apart."""

    def __init__(self) -> None:
        self.turns = Turns(MAIN)
        self.now = 1000.0

    def does(
        self, kind: Kind, key: object = "", *, thread: int = MAIN, after: float = 0.001
    ) -> bool:
        self.now += after
        return self.turns.ends(kind, key, thread, self.now)

    def turn(self, passes: Sequence[Pass], *, thread: int = MAIN, after: float = 0.001) -> int:
        """One turn of a loop; returns how often a turn ended in it."""
        return sum(self.does(kind, key, thread=thread, after=after) for kind, key in passes)

    def ends(self, passes: Sequence[Pass], times: int = 50, **how: float) -> list[int]:
        return [self.turn(passes, **how) for _ in range(times)]  # type: ignore[arg-type]


@pytest.fixture
def game() -> Game:
    return Game()


LOOPS: dict[str, list[Pass]] = {
    "a clock": [(CLOCK, "")],
    "all there is": [
        (EVENTS, "quit"), (EVENTS, "keys"), (SLEEP, "ai"), (PICTURE, "flip"), (CLOCK, "")
    ],
    "the clock comes first": [(CLOCK, ""), (EVENTS, ""), (PICTURE, "")],
    "two clocks": [(CLOCK, "one"), (PICTURE, ""), (CLOCK, "two")],
    "a picture": [(PICTURE, "")],
    "events and a picture": [(EVENTS, ""), (PICTURE, "")],
    "a picture and events": [(PICTURE, ""), (EVENTS, "")],
    "a picture, events and a sleep": [(EVENTS, ""), (PICTURE, ""), (SLEEP, "")],
    "parts of a picture": [(EVENTS, ""), (PICTURE, "left"), (PICTURE, "right"), (SLEEP, "")],
    "rects of a picture": [(PICTURE, "rect")] * 5 + [(CLOCK, "")],
    "events alone": [(EVENTS, "")],
    "events at several places": [(EVENTS, "quit"), (EVENTS, "keys"), (EVENTS, "pump")],
    "events and a sleep": [(EVENTS, ""), (SLEEP, "")],
    "a sleep": [(SLEEP, "")],
    "two sleeps": [(SLEEP, "one"), (SLEEP, "two")],
}  # fmt: skip


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("apart", [0.000_01, 0.003, 0.1, 5.0])
def test_a_turn_ends_once_however_much_it_passes_and_however_slow_it_is(
    game: Game, loop: str, apart: float
) -> None:
    ends = game.ends(LOOPS[loop], after=apart)
    assert set(ends[1:5]) <= {0, 1}
    assert ends[5:] == [1] * 45


@pytest.mark.parametrize("former", LOOPS)
@pytest.mark.parametrize("latter", LOOPS)
def test_the_next_loop_has_ends_within_a_second_and_soon_one_a_turn(
    game: Game, former: str, latter: str
) -> None:
    def named(loop: str, which: int) -> list[Pass]:
        return [(kind, (which, key)) for kind, key in LOOPS[loop]]

    game.ends(named(former, 1))
    apart = 0.016 / len(LOOPS[latter])
    ends = game.ends(named(latter, 2), 200, after=apart)
    assert sum(ends[:63]) > 0  # a second
    assert ends[100:] == [1] * 100


@pytest.mark.parametrize("loop", LOOPS)
def test_places_outside_of_the_loop_do_not_disturb_it(game: Game, loop: str) -> None:
    for number in range(20):  # a start that shows a few things and waits a little
        game.does(PICTURE, ("start", number // 3), after=0.05)
    ends = []
    for number in range(100):
        ends.append(game.turn(LOOPS[loop], after=0.003))
        if number % 10 == 0:  # now and then there is a screenshot, a sound, a long look for a key
            game.turn([(EVENTS, "rare"), (PICTURE, "rare"), (SLEEP, "rare")])
    assert ends[40:] == [1] * 60


def test_a_script_that_does_each_thing_a_few_times_has_no_turns(game: Game) -> None:
    assert game.ends([(PICTURE, ""), (EVENTS, ""), (SLEEP, "")], 3) == [0, 0, 0]


def test_a_clock_in_an_inner_loop_ends_turns_instead_of_the_outer_one(game: Game) -> None:
    told = [(game.turn([(CLOCK, "outer")]), game.turn([(CLOCK, "inner")] * 5)) for _ in range(3)]
    assert told == [(1, 4), (0, 5), (0, 5)]


def test_a_wait_that_is_passed_again_and_again_ends_turns_until_there_is_a_picture(
    game: Game,
) -> None:
    """A game that waits for events, and draws when one has come."""
    wait, draw = (EVENTS, "wait"), (PICTURE, "flip")
    assert sum(game.ends([wait], 100, after=0.016)) > 95
    for _ in range(20):  # an event a second
        ends = game.ends([wait], 60, after=0.016)
        assert sum(ends) >= 60 - 1
        assert game.turn([draw]) == 0
    # While something is dragged about, there is a picture for each event.
    ends = game.ends([wait, draw], 100, after=0.004)
    assert ends[10:] == [1] * 90
    # Then it waits again.
    ends = game.ends([wait], 100, after=0.016)
    assert ends[60:] == [1] * 40


def test_seldom_pictures_of_a_game_with_a_slow_loop_do_not_end_a_second_turn(game: Game) -> None:
    ends = [
        game.turn([(PICTURE, "progress")] * pictures + [(CLOCK, "")], after=0.8 / (pictures + 1))
        for pictures in [5] * 20
    ]
    assert ends[2:] == [1] * 18


# Threads


@pytest.mark.parametrize("main", [[], [(SLEEP, "")], [(EVENTS, "")], [(EVENTS, ""), (SLEEP, "")]])
@pytest.mark.parametrize(
    "loop",
    ["all there is", "a picture", "events and a picture", "a picture, events and a sleep"],
)
def test_a_loop_that_draws_on_another_thread_is_the_games(
    game: Game, loop: str, main: list[Pass]
) -> None:
    ends = []
    for _ in range(60):
        game.turn(main, after=0.002)
        ends.append(game.turn(LOOPS[loop], thread=OTHER, after=0.003))
    assert ends[20:] == [1] * 40
    assert game.turns.thread == OTHER


@pytest.mark.parametrize("turns", [1, 20, 100])
def test_however_slow_the_thread_is_that_draws(game: Game, turns: int) -> None:
    ends = []
    for _ in range(60):
        for _ in range(turns):
            game.turn([(EVENTS, ""), (SLEEP, "")], after=0.002)
        ends.append(game.turn([(PICTURE, "")], thread=OTHER))
    assert ends[20:] == [1] * 40


def test_a_thread_that_shows_something_now_and_then_is_not_the_games(game: Game) -> None:
    ends = []
    for _ in range(20):
        ends.append(sum(game.ends([(EVENTS, ""), (SLEEP, "")], 100, after=0.004)))
        game.turn([(PICTURE, "progress")], thread=OTHER)
    assert ends[1:] == [100] * 19


def test_when_the_thread_that_draws_is_done_the_main_thread_goes_on(game: Game) -> None:
    for _ in range(20):
        game.turn([(EVENTS, "")], after=0.01)
        game.turn([(PICTURE, "")], thread=OTHER)
    assert game.turns.thread == OTHER
    ends = game.ends([(EVENTS, "")], 100, after=0.016)
    assert sum(ends[:40]) > 0
    assert ends[60:] == [1] * 40


def test_events_on_another_thread_are_the_games_if_the_main_thread_only_sleeps(game: Game) -> None:
    ends = []
    for _ in range(60):
        game.turn([(SLEEP, "")], after=0.01)
        ends.append(game.turn([(EVENTS, "")], thread=OTHER))
    assert ends[20:] == [1] * 40


@pytest.mark.parametrize("loop", LOOPS)
def test_clocks_and_sleeps_of_threads_that_show_nothing_are_nobodys(game: Game, loop: str) -> None:
    others = 0
    for _ in range(60):
        game.turn(LOOPS[loop], after=0.003)
        others += game.turn([(CLOCK, "net"), (SLEEP, "net")], thread=OTHER)
    for _ in range(60):  # the main thread loads something
        others += game.turn([(CLOCK, "net"), (SLEEP, "net")], thread=OTHER, after=0.5)
    assert others == 0
    assert game.turns.thread == MAIN


def test_a_loop_on_another_thread_follows_when_that_of_the_main_thread_is_over(game: Game) -> None:
    game.ends(LOOPS["all there is"])
    ends = game.ends(LOOPS["all there is"], 200, thread=OTHER, after=0.004)
    assert sum(ends[:90]) == 0  # it may be a loading screen
    assert ends[110:] == [1] * 90
    assert game.turn([(CLOCK, "")]) == 1, "the main thread's loop again"


def test_places_that_are_made_anew_are_forgotten(game: Game) -> None:
    for number in range(2 * MOST_PLACES):
        game.does(EVENTS, number)
        assert len(game.turns._places) <= MOST_PLACES
    assert game.ends([(CLOCK, "")], 3) == [1, 1, 1]
