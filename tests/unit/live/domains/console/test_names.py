"""What names code of the console sees, and where it puts its own."""

from __future__ import annotations

import builtins
import math
from typing import Any

import pytest

from stagedoor.live.domains.console.names import LAST, Members, Names, names_of, names_of_game
from stagedoor.live.domains.console.source import Source


class Ship:
    def __init__(self) -> None:
        self.hp = 3

    @property
    def double(self) -> int:
        return self.hp * 2


class Agreeable:
    """Has every attribute there is."""

    def __getattr__(self, name: str) -> str:
        return name


def run(code: str, names: Names) -> object:
    return Source(code).run(names.globals, names.locals)


def test_names_are_lent_and_taken_back() -> None:
    names = Names({})
    with names.lend({"world": 1, LAST: 2}):
        assert run("world + _", names) == 3
        assert run("[_ for i in range(1)]", names) == [2], "also in an inner scope"
    assert names.globals.keys() <= {"__builtins__"}


@pytest.mark.parametrize("mine", [5, None, False])
def test_the_games_own_names_come_first(mine: Any) -> None:
    names = Names({"world": mine})
    with names.lend({"world": 1, "len": 2}):
        assert run("world", names) is mine
        assert run("len", names) is len
    assert names.globals["world"] is mine


def test_what_the_code_assigns_stays() -> None:
    names = Names({})
    with names.lend({"world": 1}):
        run("world = 2; mine = 3", names)
    assert (names.globals["world"], names.globals["mine"]) == (2, 3)


def test_an_underscore_of_a_loop_is_hidden_for_a_while() -> None:
    names = Names({LAST: 7})
    with names.lend({LAST: "last"}):
        assert run("_", names) == "last"
    assert names.globals[LAST] == 7


def test_an_underscore_of_gettext_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names({LAST: str.upper})
    with names.lend({LAST: "last"}):
        assert run("_('a')", names) == "A"
    monkeypatch.setattr(builtins, LAST, str.lower, raising=False)
    names = Names({})
    with names.lend({LAST: "last"}):
        assert run("_('A')", names) == "a"


def test_the_names_of_an_object_are_its_attributes() -> None:
    ship = Ship()
    names = names_of(ship)
    assert run("hp + double", names) == 9
    assert run("[self.hp for _ in range(2)]", names) == [3, 3]
    assert run("Ship.__name__", names) == "Ship", "its module has that"
    run("hp = 4; name = 'Ada'", names)
    assert (ship.hp, vars(ship)["name"]) == (4, "Ada")
    run("del name", names)
    assert "name" not in vars(ship)
    assert "hp" not in globals()


def test_an_object_that_has_every_attribute_hides_no_other_name() -> None:
    names = names_of(Agreeable())
    assert run("len('abc')", names) == 3
    assert run("self.anything", names) == "anything"
    with pytest.raises(NameError):
        run("anything", names)


def test_the_names_of_a_module_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    names = names_of(math)
    assert run("floor(pi)", names) == 3
    monkeypatch.setattr(math, "made_up", 0, raising=False)
    run("made_up = 1", names)
    assert vars(math)["made_up"] == 1


def test_the_names_of_the_game_are_those_of_main() -> None:
    import __main__

    assert names_of_game().globals is vars(__main__)


def test_members_can_be_listed() -> None:
    assert {"hp", "double"} <= set(Members(Ship()).keys())
