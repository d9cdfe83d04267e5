"""`Matching`: which nodes fit which selectors."""

from __future__ import annotations

import enum
import os
import sys
from typing import Any

import numpy
import pytest

from stagedoor.live.engines.scene import Node
from stagedoor.live.language.selector import parse_selector
from stagedoor.live.scene.looking import MOST_KEYS, Looking
from stagedoor.live.scene.matching import Matching
from stagedoor.wire.roles import Role


class Mood(enum.Enum):
    CALM = 1
    ANGRY = 2


class Actor:
    pass


class Enemy(Actor):
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    @property
    def rage(self) -> int:
        ran.append("rage")
        return 11

    @property
    def broken(self) -> int:
        raise ZeroDivisionError

    def run(self) -> None: ...


ran: list[str] = []


class Told(Node):
    """A node that says what it is told to."""

    __slots__ = ("told",)

    def __init__(self, target: object, parent: Node | None = None, **told: Any) -> None:
        super().__init__(target, Looking())
        self.parent = parent
        self.told = told

    def value(self, name: str) -> object:
        return self.told.get(name)

    def tags(self) -> tuple[str, ...]:
        return self.told.get("tags", ())  # type: ignore[no-any-return]

    def is_enabled(self) -> bool | None:
        return self.told.get("enabled")


def fits(node: Node, selector: str, role: Role = Role.VIEWER, evaluates: bool = False) -> bool:
    return matching(selector, role, evaluates).fits(node)


def matching(selector: str, role: Role = Role.VIEWER, evaluates: bool = False) -> Matching:
    return Matching(parse_selector(selector), Looking(role, evaluates=evaluates).at)


ENEMY = Enemy(
    hp=7,
    speed=1.5,
    title="Big Boss",
    alive=True,
    dead=False,
    pos=Enemy(x=3),
    items=["sword", "shield"],
    empty=[],
    stats={"might": 3},
    mood=Mood.ANGRY,
    power=numpy.int64(8),
    nothing=None,
    secret=9,
    _hidden=1,
    token="abc",
)
WINDOW = Told(Actor(), name="menu")
PANEL = Told(Actor(), parent=WINDOW, name="panel")
NODE = Told(
    ENEMY, parent=PANEL, name="boss-1", text="  New \n game ", tags=("big", "red"), visible=True
)

FIT = [
    "*",
    "Enemy",
    "Actor",
    "#boss-1",
    ".big",
    ".red.big",
    '"New game"',
    '~"GAME"',
    ":shown",
    ":enabled",
    "Enemy#boss-1.big[hp<10]",
    "[hp == 7]",
    "[hp >= 7][hp <= 7]",
    "[hp != 8]",
    "[speed > 1]",
    '[title == "Big Boss"]',
    '[title ~ "boss"]',
    "[alive]",
    "[not dead]",
    "[alive == True]",
    "[pos.x == 3]",
    '[items[0] == "sword"]',
    '[stats["might"] > 2]',
    "[items]",
    "[not empty]",
    '[mood == "ANGRY"]',
    "[mood == 2]",
    "[power > 7]",
    "[nothing == None]",
    "[not nothing]",
    "[not hp > 8]",
    "#menu Enemy",
    "#menu #panel > Enemy",
    "#panel > *",
    "* * Enemy",
]
UNFIT = [
    "Rock",
    "object",
    "enemy",
    "#boss",
    ".small",
    ".big.small",
    '"New"',
    '~"old"',
    ":hidden",
    ":disabled",
    "[hp < 7]",
    '[hp == "7"]',
    '[hp ~ "7"]',
    "[missing]",
    "[missing != 1]",
    "[not missing]",
    "[pos == 3]",
    "[pos.y == 3]",
    "[items[9]]",
    "[run]",
    "[run == None]",
    "#menu > Enemy",
    "Enemy Enemy",
    "* * * Enemy",
    "[__class__]",
    "[pos.__dict__]",
]


@pytest.mark.parametrize("selector", FIT)
def test_it_fits(selector: str) -> None:
    assert fits(NODE, selector)


@pytest.mark.parametrize("selector", UNFIT)
def test_it_does_not_fit(selector: str) -> None:
    assert not fits(NODE, selector)


@pytest.mark.parametrize("selector", ["[rage > 10]", "[not rage > 20]", "[rage]"])
def test_properties_run_only_for_who_may_and_asks(selector: str) -> None:
    ran.clear()
    for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN):
        asking = matching(selector, role)
        assert not asking.fits(NODE)
        assert "rage" in next(iter(asking.unread.values()))
    assert ran == []
    assert fits(NODE, selector, Role.ADMIN, evaluates=True)
    assert ran == ["rage"]


def test_a_property_that_raises_is_told_and_does_not_fit() -> None:
    asking = matching("[broken]", Role.ADMIN, evaluates=True)
    assert not asking.fits(NODE)
    assert "ZeroDivisionError" in asking.unread["[broken]"]


@pytest.mark.parametrize("selector", ["[_hidden == 1]", "[token]", '[token == "abc"]'])
def test_what_is_hidden_from_a_role_is_no_way_to_guess_it(selector: str) -> None:
    for role in (Role.VIEWER, Role.OPERATOR):
        asking = matching(selector, role)
        assert not asking.fits(NODE)
        assert asking.unread
        denied = matching(selector.replace("[", "[not ", 1), role)
        assert not denied.fits(NODE)
    assert fits(NODE, selector, Role.ADMIN)


@pytest.mark.parametrize(
    "selector",
    [
        "[module.sep]",
        "[function.name]",
        "[function.__globals__]",
        "[kind.name]",
        "[kind.__subclasses__]",
        "[frame.f_back]",
        "[stage.name]",
    ],
)
def test_no_role_goes_through_what_is_no_data(selector: str) -> None:
    enemy = Enemy(module=os, function=fits, kind=Enemy, frame=sys._getframe(), stage=Looking())
    enemy.function.name = enemy.kind.name = "Enemy"
    for role in Role:
        for negated in (selector, selector.replace("[", "[not ", 1)):
            assert not fits(Told(enemy), negated, role, evaluates=role is Role.ADMIN)
    del fits.name, Enemy.name  # type: ignore[attr-defined]


@pytest.mark.parametrize("many", [dict.fromkeys(range(2000), 1), set(range(2000))])
def test_no_key_is_looked_for_among_too_many(many: Any) -> None:
    step = "[0]" if isinstance(many, dict) else "{1}"
    search = matching(f"[many{step}==1]")
    assert not search.fits(Told(Enemy(many=many)))
    assert "too many keys" in next(iter(search.unread.values()))
    few = dict.fromkeys(range(9), 1) if isinstance(many, dict) else set(range(9))
    assert fits(Told(Enemy(many=few)), f"[many{step}==1]")
    assert fits(Told(Enemy(many=list(many))), "[many[1]==1]")


def test_a_search_of_very_many_attributes_is_refused() -> None:
    few = Enemy(**{f"a{number}": number for number in range(MOST_KEYS)})
    many = Enemy(**{f"a{number}": number for number in range(MOST_KEYS + 1)})
    assert fits(Told(few), "[a7 == 7]")
    asking = matching("[a7 == 7]")
    assert not asking.fits(Told(many))
    assert "too many" in asking.unread["[a7==7]"]


def test_a_node_without_an_object_has_no_attributes() -> None:
    assert not fits(Told(None), "[x]")
    assert not fits(Told(None), "Enemy")


def test_nodes_that_contain_each_other_end() -> None:
    one, other = Told(Actor()), Told(Actor())
    one.parent, other.parent = other, one
    assert not fits(one, "Enemy Actor")
    assert not fits(one, "Enemy Enemy Enemy Enemy Enemy Actor")
    assert fits(one, "Actor Actor Actor")


class Meta(type):
    def __hash__(cls) -> int:
        raise ZeroDivisionError

    def __eq__(cls, other: object) -> bool:
        raise ZeroDivisionError

    def mro(cls) -> list[type]:
        return super().mro()


class Strange(metaclass=Meta):
    __name__ = "Enemy"

    @property
    def __class__(self) -> type:  # type: ignore[override]
        return Enemy

    def __getattr__(self, name: str) -> int:
        ran.append(name)
        return 1


def test_types_that_lie_are_what_they_are() -> None:
    ran.clear()
    node = Told(Strange())
    assert fits(node, "Strange")
    assert not fits(node, "Enemy")
    assert not fits(node, "[hp == 1]")
    assert ran == []
