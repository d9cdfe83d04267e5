"""`Turns`: where the turns of a game's loop end. Pure: threads and times are passed in.

A game that does not tick a stage has no place that is called the end of a frame. But its loop
passes the same places in each turn: its clock's tick, the showing of its picture, a look at its
events, a sleep. One of them is *the end*, so that each turn ends once, however many it passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

QUIET: Final = 0.5
"""An end that was not passed for this many seconds may not be in use any more."""
QUIET_ELSEWHERE: Final = 2.0
"""The same, if another thread than the main one would follow: the loop may just be loading."""
SURE: Final = 3
"""A place is in a loop if it was passed more often than this. A script's start passes some once."""
SELDOM: Final = 8
"""A better place is not in each turn if the end was passed more often than this in between. On
another thread it is not in a loop if it was not passed for `QUIET` seconds."""
MOST_PLACES: Final = 100
"""Places that are known. Beyond that they are forgotten: code that is made anew in each turn."""


class Kind(Enum):
    """What a game does at a place."""

    CLOCK = auto()
    """Its clock ticks."""
    PICTURE = auto()
    """It shows a picture."""
    EVENTS = auto()
    """It asks for events."""
    SLEEP = auto()
    """It sleeps."""


_RANKS: Final = {
    (Kind.CLOCK, True): 0,
    (Kind.PICTURE, True): 1,
    (Kind.CLOCK, False): 2,
    (Kind.PICTURE, False): 3,
    (Kind.EVENTS, True): 4,
    (Kind.EVENTS, False): 5,
    (Kind.SLEEP, True): 6,
}
"""How good a place is as an end, by its kind and whether it is on the main thread; 0 is best."""


@dataclass(eq=False, slots=True)
class _Place:
    """A place that a game passes."""

    kind: Kind
    thread: int
    rank: int
    passed: int = 0
    """How often since the end was passed."""
    usual: int = 0
    """That of the turns before. It halves with each turn in which it is less, but not 0."""
    turn: int = 0
    """The turn in which it was passed last."""
    regular: int = 0
    """How often in a row that was not seldom."""
    at: int = 0
    """Its last pass, of the passes of all places."""
    seen: float = 0.0
    """When that was."""


class Turns:
    """Learns the end of a loop's turn. One thread at a time may call it."""

    def __init__(self, main_thread: int) -> None:
        self._main_thread = main_thread
        self._places: dict[tuple[Kind, int, object], _Place] = {}
        self._end: _Place | None = None
        self._ended = 0.0
        self._turn = 0
        self._passes = 0
        self._last_clocks: dict[int, _Place] = {}
        """The clock that ticked last, by thread."""
        self._at_games: set[int] = {main_thread}
        """Threads that show pictures or ask for events. A clock of another one paces no game."""

    @property
    def thread(self) -> int:
        """The thread that the game's loop is on."""
        return self._main_thread if self._end is None else self._end.thread

    def ends(self, kind: Kind, key: object, thread: int, now: float) -> bool:
        """The game passes a place, at `now` in seconds. Returns whether its turn ends there.

        `key`: what tells the place from others of its kind and thread."""
        place = self._place(kind, key, thread)
        if place is None:
            return False
        self._passes += 1
        before, place.at = place.at, self._passes
        since, place.seen = now - place.seen, now
        if place is not self._end:
            place.passed += 1
        is_end = place is self._end or self._follows(place, before, since, now)
        if kind is Kind.CLOCK:
            self._last_clocks[thread] = place
        if not is_end:
            return False
        self._end = place
        self._ended = now
        self._turn += 1
        for other in self._places.values():
            if other.passed:
                other.usual = max(other.usual // 2, other.passed)
                other.passed = 0
        return True

    def _place(self, kind: Kind, key: object, thread: int) -> _Place | None:
        """The place; None if it cannot be an end."""
        if kind in (Kind.PICTURE, Kind.EVENTS):
            self._at_games.add(thread)
        elif thread not in self._at_games:
            return None
        found = self._places.get((kind, thread, key))
        if found is None:
            rank = _RANKS.get((kind, thread == self._main_thread))
            if rank is None:
                return None
            if len(self._places) >= MOST_PLACES:
                self._places.clear()
            found = self._places[kind, thread, key] = _Place(kind, thread, rank)
        return found

    def _follows(self, place: _Place, before: int, since: float, now: float) -> bool:
        """Whether a place becomes the end. `before`: its last pass but this one, `since` seconds
        ago."""
        end = self._end
        is_clock = place.kind is Kind.CLOCK
        if end is None:
            return is_clock or (place.passed > SURE and not self._has_better(place, before))
        if place.rank < end.rank:
            if place.thread == end.thread:
                is_regular = self._turn - place.turn <= SELDOM
            else:
                is_regular = since <= QUIET
            place.regular = place.regular + 1 if is_regular else 1
            place.turn = self._turn
            if is_clock or place.regular > SURE:
                return True
        elif is_clock and place.thread == end.thread and place is self._last_clocks.get(end.thread):
            return True  # it ticked twice in a row: the other clock's loop may have ended
        quiet = QUIET if place.thread in (end.thread, self._main_thread) else QUIET_ELSEWHERE
        return (
            now - self._ended > quiet
            and place.passed > max(SURE, 2 * place.usual)
            and not self._has_better(place, before)
        )

    def _has_better(self, place: _Place, before: int) -> bool:
        """Whether the loop has passed a better place since it passed this one the last time."""
        return any(
            other.rank < place.rank and other.passed >= SURE and other.at > before
            for other in self._places.values()
        )
