"""One step below a value: found, listed, and searched for while it changes."""

from __future__ import annotations

import math
import re
from collections import deque, namedtuple
from collections.abc import Callable, Generator
from typing import Any

import pytest

from stagedoor.live.language.path import Identity, Item, Member
from stagedoor.live.reach.faults import Missing
from stagedoor.live.reach.keys import key_of
from stagedoor.live.reach.members import (
    SKIPPED,
    SLICE,
    Way,
    attribute,
    attributes,
    count_attributes,
    count_items,
    item,
    items,
)


class Base:
    shared = 1
    __slots__ = ("slot",)

    def method(self) -> None: ...

    @property
    def computed(self) -> int:
        return 1


class Derived(Base):
    shared = 2
    own = 3

    def __init__(self) -> None:
        self.a = 1
        self.own = 4


def names(value: object, **options: bool) -> list[str | None]:
    return [child.name for child in attributes(value, **options) if child]


def found(value: object, step: Item | Member) -> Any:
    """What a search finds."""
    child = rest(item(value, step))
    return None if child is None else child.found.value


def rest(steps: Generator[None, None, Any], between: Callable[[], object] = lambda: None) -> Any:
    """What the rest of a search finds. `between`: what happens after each piece of it."""
    for _ in range(100):
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value
        between()
    raise AssertionError("it goes on and on")


def test_attributes_are_listed_once_slots_first_then_the_objects_own_then_the_classs() -> None:
    value = Derived()
    assert names(value) == ["a", "own", "shared", "computed"]
    value.slot = 5
    assert names(value) == ["slot", "a", "own", "shared", "computed"]
    assert "method" in names(value, every=True)
    assert count_attributes(value) == 3


def test_an_attribute_is_what_python_would_find_without_running_code() -> None:
    value = Derived()
    assert attribute(value, "slot") is None, "it is not set"
    for name, expected in (("a", 1), ("own", 4), ("shared", 2)):
        one = attribute(value, name)
        assert one is not None
        assert (one.way, one.value) == (Way.VALUE, expected)
    value.__dict__["computed"] = "shadowed by the property"
    one = attribute(value, "computed")
    assert one is not None
    assert one.way is Way.LAZY
    one = attribute(value, "method")
    assert one is not None
    assert one.way is Way.ROUTINE
    assert attribute(value, "nothing") is None


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [
        ([1, 2], Item(1), 2),
        ([1, 2], Item(-2), 1),
        ([1, 2], Item(2), None),
        ([1, 2], Item(True), None),
        ([1, 2], Item("1"), None),
        ([1, 2], Member(1), None),
        (deque([1, 2]), Item(-1), 2),
        ({1: "int"}, Item(1), "int"),
        ({1: "int"}, Item(True), None),
        ({1: "int"}, Item(1.0), None),
        ({True: "bool"}, Item(1), None),
        ({None: "none"}, Item(None), "none"),
        ({(1, "a"): "tuple"}, Item((1, "a")), "tuple"),
        ({(1, "a"): "tuple"}, Item((True, "a")), None),
        ({"a": 1}, Member("a"), "a"),
        ({"a"}, Member("a"), "a"),
        ({"a"}, Item("a"), None),
        ("text", Item(0), None),
        (3, Item(0), None),
    ],
)
def test_an_item_is_found_by_a_key_of_its_own_type(value: object, step: Any, expected: Any) -> None:
    assert found(value, step) == expected


Login = namedtuple("Login", "user password")


def test_an_index_of_a_namedtuple_has_the_name_of_its_field() -> None:
    assert [child.name for child in items(Login(1, 2)) if child] == ["user", "password"]


@pytest.mark.parametrize(
    "key",
    [object(), b"a", 1j, math.nan, math.inf, "x" * 201, "\ud800", 2**300, (object(),),
     (((((1,),),),),), frozenset({1}), tuple(range(9)), int],
    ids=lambda key: re.sub("0x[0-9a-f]+", "0x", repr(key)),
)  # fmt: skip
def test_any_other_key_by_its_identity(key: Any) -> None:
    assert key_of(key) == Identity(id(key))
    assert found({key: "it"}, Item(key_of(key))) == "it"
    assert found({key}, Member(key_of(key))) is key


@pytest.mark.parametrize("make", [dict.fromkeys, set], ids=["dict", "set"])
def test_a_search_begins_again_if_the_container_changes(make: Any) -> None:
    value = make(range(3 * SLICE))
    last = Member(3 * SLICE - 1)
    steps = item(value, last)
    next(steps)
    value.pop(0) if isinstance(value, dict) else value.remove(0)
    assert rest(steps).found.value == 3 * SLICE - 1


def test_a_search_ends_even_if_the_container_changes_all_the_time() -> None:
    value = dict.fromkeys(range(3 * SLICE))
    with pytest.raises(Missing, match="changes faster than it can be searched"):
        rest(item(value, Item("nothing")), lambda: value.update({len(value): 0}))


def test_a_jump_is_made_in_pieces() -> None:
    value = set(range(3 * SKIPPED))
    steps = items(value, 3 * SKIPPED - 1)
    assert [child is None for child in steps] == [True, True, False]


def test_a_value_that_changes_while_it_is_listed_raises_and_no_more() -> None:
    value = {1: 1, 2: 2}
    steps = items(value)
    next(steps)
    value[3] = 3
    with pytest.raises(RuntimeError):
        next(steps)
    many = type("Thing", (), {})()
    many.__dict__.update((f"a{n}", n) for n in range(SLICE + 1))
    steps = attributes(many)
    next(steps)
    many.b = 1
    with pytest.raises(RuntimeError):
        next(steps)


def test_counts_take_no_time() -> None:
    assert count_items([0] * 10_000_000) == 10_000_000
    assert count_items("text") == count_items(3) == 0
