"""`Tweak` and `Tweaks`: what may be tuned, by which values, and what is told of it."""

from __future__ import annotations

import enum
import gc
import math
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any, ClassVar, Literal

import pytest

from stagedoor.bounds import Bounds
from stagedoor.live.domains.tweaks.registry import MAX_TWEAKS, Tweaks
from stagedoor.live.domains.tweaks.tweak import MAX_TEXT, Tweak
from stagedoor.wire.errors import HandlerError, InvalidParams

SPEED: Annotated[float, Bounds(0, 9, unit="m/s")] = 5


@dataclass
class Ship:
    thrust: float = 240.0
    lives: Annotated[int, Bounds(0, 10, step=1)] = 3
    name: str = "Rocinante"
    shield: Annotated[bool, Bounds()] = True
    pilot: Annotated[Literal["auto", "player"], Bounds(unit="who")] = "auto"
    fuel: ClassVar[Annotated[float, Bounds(low=0.0)]] = 1.0


class Slotted:
    __slots__ = ("__weakref__", "speed")

    def __init__(self) -> None:
        self.speed = 2


class Loud:
    """Runs code when its volume is read or set."""

    def __init__(self) -> None:
        self.reads = 0
        self._volume = 0.5

    @property
    def volume(self) -> float:
        self.reads += 1
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        self._volume = min(value, 0.8)


class Level(enum.IntEnum):
    EASY = 1


def add(tweaks: Tweaks, name: str, owner: object, attribute: str | None, **options: Any) -> None:
    given: dict[str, Any] = {"low": None, "high": None, "step": None, "choices": None, "unit": ""}
    tweaks.add(name, owner, attribute, **(given | options))


def tweak_of(owner: object, attribute: str, **options: Any) -> Tweak:
    tweaks = Tweaks()
    add(tweaks, "it", owner, attribute, **options)
    return tweaks.by_name["it"]


class TestAValue:
    @pytest.mark.parametrize(
        ("attribute", "options", "given", "becomes"),
        [
            ("thrust", {}, 300, 300.0),
            ("thrust", {"low": 0, "high": 500}, 500, 500.0),
            ("thrust", {"low": -1.5}, -1.5, -1.5),
            ("lives", {}, 4.0, 4),
            ("shield", {}, False, False),
            ("name", {}, "Nauvoo", "Nauvoo"),
            ("name", {"choices": ["a", "b"]}, "b", "b"),
        ],
    )
    def test_that_fits_is_set_as_the_type_it_has(
        self, attribute: str, options: Any, given: object, becomes: object
    ) -> None:
        ship = Ship()
        tweak_of(ship, attribute, **options).set(given)
        found = getattr(ship, attribute)
        assert (type(found), found) == (type(becomes), becomes)

    @pytest.mark.parametrize(
        ("attribute", "options", "given", "expected"),
        [
            ("thrust", {}, "300", "expected a number, got '300'"),
            ("thrust", {}, True, "expected a number, got True"),
            ("thrust", {}, None, "expected a number, got NoneType"),
            ("thrust", {}, [1.0], "expected a number, got list"),
            ("thrust", {}, math.nan, "expected a number, got nan"),
            ("thrust", {}, math.inf, "expected a number, got inf"),
            ("thrust", {}, 10**400, "expected a number, got a number of more than 63 bits"),
            (
                "thrust",
                {"low": 0, "high": 500, "unit": "px/s²"},
                501,
                "from 0 to 500 px/s², got 501",
            ),
            ("thrust", {"low": 0}, -0.1, "of at least 0, got -0.1"),
            ("thrust", {"high": 5}, 6, "of at most 5, got 6"),
            ("lives", {}, 4.5, "expected a whole number from 0 to 10, got 4.5"),
            ("lives", {}, 11, "from 0 to 10, got 11"),
            ("lives", {"low": None, "high": 2**70}, 2**64, "expected a whole number"),
            ("shield", {}, 1, "expected true or false, got 1"),
            ("shield", {}, "false", "expected true or false, got 'false'"),
            ("name", {}, 5, "expected a text, got 5"),
            ("name", {}, "x" * (MAX_TEXT + 1), "expected a text, got 'xxx"),
            ("name", {"choices": ["a", "b"]}, "c", "expected one of 'a', 'b', got 'c'"),
            ("lives", {"choices": [1, 2]}, True, "expected one of 1, 2, got True"),
            ("pilot", {}, "dog", "expected one of 'auto', 'player', got 'dog'"),
        ],
    )
    def test_that_does_not_fit_is_refused_and_nothing_is_set(
        self, attribute: str, options: Any, given: object, expected: str
    ) -> None:
        ship = Ship()
        with pytest.raises(InvalidParams) as caught:
            tweak_of(ship, attribute, **options).set(given)
        assert caught.value.path == "$.value"
        assert expected in str(caught.value.reason)
        assert len(str(caught.value.reason)) < 250
        assert ship == Ship()

    def test_of_slots_a_class_or_a_module_is_set_there(self) -> None:
        slotted, module = Slotted(), ModuleType("settings")
        vars(module)["GRAVITY"] = 9.8
        tweak_of(slotted, "speed").set(3)
        tweak_of(Ship, "fuel").set(2)
        try:
            tweak_of(module, "GRAVITY").set(1.6)
            assert (slotted.speed, Ship.fuel, vars(module)["GRAVITY"]) == (3, 2.0, 1.6)
        finally:
            Ship.fuel = 1.0

    def test_behind_a_property_is_set_by_it_and_told_as_it_is_then(self) -> None:
        loud = Loud()
        tweak = tweak_of(loud, "volume", low=0.0, high=1.0)
        tweak.set(1)
        assert tweak.info().value == 0.8

    def test_is_read_without_running_code_of_the_game(self) -> None:
        loud = Loud()
        tweak = tweak_of(loud, "volume")
        before = loud.reads
        assert tweak.info().value == 0.5
        assert loud.reads == before

    def test_of_an_object_that_is_gone_cannot_be_set(self) -> None:
        ship = Ship()
        tweak = tweak_of(ship, "thrust")
        del ship
        gc.collect()
        info = tweak.info()
        assert (info.value, info.problem, info.changed) == (None, "its object is gone", False)
        with pytest.raises(HandlerError, match="is gone"):
            tweak.set(1.0)

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            (None, "it is no float now"),
            ([], "it is no float now"),
            (Level.EASY, "it is no float now"),
            ("many", "it is no float now"),
            (10**30, "its number has more than 63 bits"),
        ],
    )
    def test_that_the_game_made_something_else_is_a_problem_not_an_error(
        self, value: Any, problem: str
    ) -> None:
        ship = Ship()
        tweak = tweak_of(ship, "thrust")
        ship.thrust = value
        assert (tweak.info().value, tweak.info().problem) == (None, problem)

    def test_that_is_no_truth_any_more_is_a_problem(self) -> None:
        ship = Ship()
        tweak = tweak_of(ship, "shield")
        ship.shield = 1  # type: ignore[assignment]
        assert (tweak.info().value, tweak.info().problem) == (None, "it is no bool now")

    def test_that_is_a_huge_text_is_a_problem(self) -> None:
        ship = Ship()
        tweak = tweak_of(ship, "name")
        ship.name = "x" * (MAX_TEXT + 1)
        assert tweak.info().problem == f"its text has more than {MAX_TEXT} characters"

    def test_knows_whether_it_is_the_default(self) -> None:
        ship = Ship()
        tweak = tweak_of(ship, "thrust", low=0, high=500)
        assert not tweak.info().changed
        tweak.set(100)
        assert (tweak.info().changed, tweak.info().default) == (True, 240.0)


class TestOffering:
    def test_a_whole_number_with_bounds_that_are_none_is_a_number(self) -> None:
        class Config:
            speed: float = 5
            other = 5

        assert tweak_of(Config, "speed").kind is float
        assert tweak_of(Config, "other").kind is int
        assert tweak_of(Config, "other", step=0.5).kind is float

    def test_an_annotation_has_the_bounds_unless_others_are_given(self) -> None:
        assert tweak_of(Ship(), "lives").bounds == Bounds(0, 10, 1)
        assert tweak_of(Ship(), "lives", high=99).bounds == Bounds(None, 99)

    def test_an_object_offers_what_is_annotated(self) -> None:
        tweaks, ship = Tweaks(), Ship()
        add(tweaks, "ship", ship, None)
        assert sorted(tweaks.by_name) == ["ship.fuel", "ship.lives", "ship.pilot", "ship.shield"]
        assert tweaks.by_name["ship.pilot"].bounds == Bounds(choices=("auto", "player"), unit="who")

    def test_a_module_offers_what_is_annotated(self) -> None:
        tweaks = Tweaks()
        add(tweaks, "test", sys.modules[__name__], None)
        assert list(tweaks.by_name) == ["test.SPEED"]
        info = tweaks.by_name["test.SPEED"].info()
        assert (info.type, info.value, info.high, info.unit) == ("float", 5, 9, "m/s")

    def test_an_annotation_that_only_type_checkers_understand_does_no_harm(self) -> None:
        class Config:
            speed: Annotated[float, Bounds(0, 1)] = 0.5
            other: NotThere = 1  # type: ignore[name-defined]  # noqa: F821

        tweaks = Tweaks()
        add(tweaks, "config", Config, None)
        assert list(tweaks.by_name) == ["config.speed"]

    def test_a_name_again_replaces_the_tweak(self) -> None:
        tweaks, one, other = Tweaks(), Ship(), Ship(thrust=1.0)
        add(tweaks, "thrust", one, "thrust")
        add(tweaks, "thrust", other, "thrust")
        assert tweaks.by_name["thrust"].info().value == 1.0

    @pytest.mark.parametrize(
        ("attribute", "options", "error"),
        [
            ("thrust", {"low": 5, "high": 1}, ValueError),
            ("thrust", {"low": math.nan}, ValueError),
            ("thrust", {"high": math.inf}, ValueError),
            ("thrust", {"step": 0}, ValueError),
            ("thrust", {"low": "0"}, TypeError),
            ("thrust", {"low": True}, TypeError),
            ("thrust", {"unit": 5}, TypeError),
            ("thrust", {"choices": []}, ValueError),
            ("thrust", {"choices": ["a"]}, TypeError),
            ("thrust", {"choices": [1.0], "low": 0}, TypeError),
            ("name", {"low": 1}, TypeError),
            ("shield", {"step": 1}, TypeError),
            ("nothing", {}, AttributeError),
            ("__dict__", {}, TypeError),
            (5, {}, TypeError),
            ("", {}, ValueError),
            (None, {"low": 1}, TypeError),
        ],
    )
    def test_what_cannot_be_tuned_so_is_the_games_error(
        self, attribute: Any, options: Any, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            tweak_of(Ship(), attribute, **options)

    @pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", 5])
    def test_a_name_that_is_none_is_the_games_error(self, name: Any) -> None:
        with pytest.raises((TypeError, ValueError)):
            add(Tweaks(), name, Ship(), "thrust")

    def test_there_is_a_most_of_them_and_those_that_are_gone_make_room(self) -> None:
        tweaks = Tweaks()
        kept = Ship()
        gone = [Ship() for _ in range(MAX_TWEAKS)]
        for at, ship in enumerate(gone):
            add(tweaks, f"ship{at}", ship, "thrust")
        with pytest.raises(ValueError, match="1000 tweaks already"):
            add(tweaks, "kept", kept, "thrust")
        del gone[:], ship
        gc.collect()
        add(tweaks, "kept", kept, "thrust")
        assert list(tweaks.by_name) == ["kept"]
