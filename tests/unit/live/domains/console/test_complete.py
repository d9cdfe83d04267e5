"""What a beginning could go on with."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from stagedoor.live.domains.console.complete import MAX_NAMES, completions
from stagedoor.live.domains.console.names import Names, names_of


class Base:
    level = 1


class Ship(Base):
    __slots__ = ("fuel",)

    def __init__(self) -> None:
        self.fuel = SimpleNamespace(amount=1)

    def fly(self) -> None: ...

    @property
    def trap(self) -> Any:
        raise AssertionError("code of the game ran")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError("code of the game ran")

    def __dir__(self) -> Any:
        raise AssertionError("code of the game ran")


class Liar:
    __dict__ = property(lambda self: 1 / 0)  # type: ignore[assignment]


def names() -> Names:
    ship = Ship()
    world = SimpleNamespace(ship=ship, rocks=[SimpleNamespace(radius=1)], by={"a b": ship})
    return Names({"world": world, "wolf": 1, "math": math, "Ship": Ship, "liar": Liar()})


@pytest.mark.parametrize(
    ("code", "length", "expected"),
    [
        ("wo", 2, ["wolf", "world"]),
        ("print(wo", 2, ["wolf", "world"]),
        ("x = 1\nwol", 3, ["wolf"]),
        ("world.", 0, ["by", "rocks", "ship"]),
        ("world.sh", 2, ["ship"]),
        ("world.ship.f", 1, ["fly", "fuel"]),
        ("world.ship.fuel.", 0, ["amount"]),
        ("world.ship.l", 1, ["level"]),
        ("world.rocks[0].r", 1, ["radius"]),
        ("world.by['a b'].fu", 2, ["fuel"]),
        ('world.by["a b"].fu', 2, ["fuel"]),
        ("Ship.f", 1, ["fly", "fuel"]),
        ("math.floo", 4, ["floor"]),
        ("math.floor.", 0, []),
        ("world.ship.trap.", 0, []),
        ("world.ship.nothing.", 0, []),
        ("world.rocks[7].", 0, []),
        ("world.rocks['a'].", 0, []),
        ("nothing.", 0, []),
        ("impor", 5, ["import"]),
        ("isins", 5, ["isinstance"]),
        ("liar.__cl", 4, ["__class__"]),
        ("ro", 2, ["roots_name", "round"]),
        ("", 0, None),
        ("1 + ", 0, None),
        ("é", 1, []),
        ("(" * 5000, 0, None),
        ("a." * 50_000 + "!", 0, None),
        ("x = " + "a" * 50_000 + "; wol", 3, ["wolf"]),
    ],
)
def test_completions(code: str, length: int, expected: list[str] | None) -> None:
    found = completions(code, names(), {"roots_name": 1})
    assert found.length == length
    if expected is not None:
        assert found.names == expected
    assert len(found.names) <= MAX_NAMES


def test_completions_in_the_namespace_of_an_object() -> None:
    ship = SimpleNamespace(hull=SimpleNamespace(armour=1))
    assert completions("hul", names_of(ship), {}).names == ["hull"]
    assert completions("hull.", names_of(ship), {}).names == ["armour"]
    assert completions("self.hul", names_of(ship), {}).names == ["hull"]


def test_names_of_a_game_may_be_anything() -> None:
    odd: dict[Any, Any] = {1: 1, "wo\udce9": 2, "word": 3}
    assert completions("wo", Names(odd), {}).names == ["wo\\udce9", "word"]


def test_there_is_a_bound() -> None:
    many = Names({f"name{number}": 1 for number in range(100_000)})
    assert len(completions("name", many, {}).names) == MAX_NAMES
