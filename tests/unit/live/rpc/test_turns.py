"""Clients that wait take turns, and each has its own in order."""

from __future__ import annotations

from itertools import islice

from stagedoor.live.rpc.turns import InTurn


def of(*rows: str) -> InTurn[str]:
    """A client for each text, which waits with its letters."""
    waiting: InTurn[str] = InTurn()
    for whose, row in enumerate(rows):
        for item in row:
            waiting.add(whose, item)
    return waiting


def take(waiting: InTurn[str], count: int | None = None) -> str:
    return "".join(item for _, item in islice(waiting.take(str.islower), count))


def test_one_of_each_and_again() -> None:
    waiting = of("abc", "d", "ef")
    assert take(waiting) == "adebfc"
    assert not waiting


def test_who_stops_in_between_goes_on_with_the_next_client() -> None:
    waiting = of("abc", "def", "g")
    assert [take(waiting, 2), take(waiting, 1), take(waiting, 2)] == ["ad", "g", "be"]
    waiting.add("late", "x")
    assert take(waiting, 2) == "cf", "who comes later has the last turn"


def test_a_client_whose_first_is_not_due_has_no_turn() -> None:
    waiting = of("aB", "Cd", "ef")
    assert take(waiting) == "aef"
    assert take(waiting) == "", "and nothing is lost"
    assert waiting


def test_what_is_put_back_goes_first() -> None:
    waiting = of("ab", "c")
    ((whose, item),) = islice(waiting.take(str.islower), 1)
    waiting.add_first(whose, item.lower())
    assert take(waiting) == "cab"


def test_items_may_be_added_meanwhile() -> None:
    waiting = of("ab")
    seen = ""
    for _, item in waiting.take(str.islower):
        seen += item
        if item == "a":
            waiting.add("other", "x")
    assert seen == "abx"


def test_cleared_is_empty() -> None:
    waiting = of("ab", "c")
    waiting.clear()
    assert not waiting
