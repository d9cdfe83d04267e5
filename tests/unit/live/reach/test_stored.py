"""`stored`: properties of a framework that are read as the attributes that they give back."""

from __future__ import annotations

from typing import Any

import pytest

from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.members import Way, attribute, attributes
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.stored import knows, stored_by
from stagedoor.live.reach.walk import resolve
from stagedoor.wire.roles import Role

ran: list[str] = []


class Framework:
    """A class as a framework has it."""

    def __init__(self) -> None:
        self._place: Any = {"x": 1}

    @property
    def place(self) -> Any:
        ran.append("place")
        return self._place

    def method(self) -> None: ...


class Game(Framework):
    """Derives from it."""


class Own(Framework):
    """Has a property of that name itself."""

    @property
    def place(self) -> Any:
        ran.append("own")
        return self._place


knows(Framework, {"place": "_place", "method": "_method", "missing": "_missing"})


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


def test_a_property_that_is_known_is_the_attribute() -> None:
    for game in (Framework(), Game()):
        found = attribute(game, "place")
        assert found is not None
        assert (found.way, found.value) == (Way.VALUE, {"x": 1})
        roots = Roots()
        roots.expose("game", game)
        assert resolve(roots, 'game.place["x"]', Role.VIEWER) == 1
        listed = {child.name: child.found.way for child in attributes(game) if child is not None}
        assert listed["place"] is Way.VALUE
    assert ran == []


def test_one_of_the_games_own_is_not() -> None:
    found = attribute(Own(), "place")
    assert found is not None
    assert found.way is Way.LAZY
    roots, own = Roots(), Own()
    roots.expose("own", own)
    with pytest.raises(ReachFault):
        resolve(roots, "own.place", Role.OPERATOR)
    assert ran == []


def test_what_is_not_there_yet_is_missing() -> None:
    assert attribute(object.__new__(Game), "place") is None


def test_only_properties_are_known() -> None:
    assert stored_by(vars(Framework)["place"]) == "_place"
    for other in (vars(Framework)["method"], vars(Own)["place"], None, 7):
        assert stored_by(other) is None
