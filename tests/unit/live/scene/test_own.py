"""`OwnNodes`: what a game says is on the screen."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from stagedoor.live.engines.scene import Node, Trouble
from stagedoor.live.scene import own as own_nodes
from stagedoor.live.scene.looking import Looking
from stagedoor.live.scene.own import OwnNodes


class Rock:
    def __init__(self, x: int) -> None:
        self.x = x
        self.text = f"rock {x}"
        self.visible = x != 2


@pytest.fixture
def own() -> OwnNodes:
    return OwnNodes()


def nodes(own: OwnNodes) -> list[Node]:
    return [node for node in own.nodes(Looking()) if isinstance(node, Node)]


def test_a_node_may_have_no_object(own: OwnNodes) -> None:
    own.add("new-game", text="New game", rect=(1, 2, 3, 4), tags=["button"], enabled=False)
    (node,) = nodes(own)
    assert (node.name(), node.text(), node.rect()) == ("new-game", "New game", (1, 2, 3, 4))
    assert (node.tags(), node.is_visible(), node.is_enabled()) == (("button",), True, False)
    assert node.target is None
    assert node.unread == {}


def test_values_are_asked_for_when_a_client_asks(own: OwnNodes) -> None:
    rock, asked = Rock(1), []

    def rect(rock: Rock) -> Any:
        asked.append(rock)
        return rock.x, 0, 5, 5

    own.add("rock", rock, rect=rect, visible=lambda: False)
    assert asked == []
    (node,) = nodes(own)
    assert asked == []
    rock.x = 7
    assert node.rect() == (7, 0, 5, 5)
    assert asked == [rock]
    assert node.is_visible() is False
    assert node.text() == "rock 1", "the object's own, since the game says nothing"


def test_many_objects_are_many_nodes(own: OwnNodes) -> None:
    rocks = [Rock(x) for x in range(3)]
    own.add("rock", each=lambda: rocks, rect=lambda rock: (rock.x, 0, 1, 1))
    assert [node.target for node in nodes(own)] == rocks
    assert [node.is_visible() for node in nodes(own)] == [True, True, False]
    del rocks[1:]
    assert len(nodes(own)) == 1


def test_each_may_be_a_generator(own: OwnNodes) -> None:
    def each() -> Iterator[Rock]:
        yield Rock(1)
        yield Rock(2)

    own.add("rock", each=each)
    assert len(nodes(own)) == 2


def test_an_object_is_not_kept(own: OwnNodes) -> None:
    rock = Rock(1)
    own.add("rock", rock)
    del rock
    gc.collect()
    assert nodes(own) == []
    with pytest.raises(KeyError):
        own.remove("rock")


def test_an_object_that_cannot_be_held_weakly_is_kept(own: OwnNodes) -> None:
    own.add("pair", (1, 2))
    gc.collect()
    assert [node.target for node in nodes(own)] == [(1, 2)]


def test_a_name_has_one_declaration(own: OwnNodes) -> None:
    own.add("start", text="a")
    own.add("start", text="b")
    assert [node.text() for node in nodes(own)] == ["b"]
    own.remove("start")
    assert nodes(own) == []
    with pytest.raises(KeyError, match="start"):
        own.remove("start")


def test_what_raises_is_told_and_hides_nothing_else(own: OwnNodes) -> None:
    own.add("a", text=lambda: 1 / 0, rect=lambda: {}["x"], visible=lambda: [][1])  # type: ignore[arg-type]
    own.add("b", each=lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    own.add("c", each=lambda: None)  # type: ignore[arg-type,return-value]
    own.add("d", text="fine")
    found = list(own.nodes(Looking()))
    troubles = [one.reason for one in found if isinstance(one, Trouble)]
    assert len(troubles) == 2
    assert troubles[0].startswith("b: ZeroDivisionError")
    first, last = (one for one in found if isinstance(one, Node))
    assert (first.text(), first.rect(), first.is_visible()) == (None, None, True)
    assert set(first.unread) == {"text", "rect", "visible"}
    assert last.text() == "fine"


class Liar:
    """Raises whatever is asked of it."""

    def __bool__(self) -> bool:
        raise ZeroDivisionError

    __str__ = __len__ = __iter__ = __bool__  # type: ignore[assignment]


@pytest.mark.parametrize("value", [Liar(), object(), 7, "x" * 100_000, [1, 2], {}, float("nan")])
def test_a_function_may_return_anything(own: OwnNodes, value: Any) -> None:
    own.add("a", **dict.fromkeys(("text", "rect", "visible", "enabled"), lambda: value))
    (node,) = nodes(own)
    told = node.text()
    assert told is None or (type(told) is str and len(told) <= 1000)
    assert node.rect() is None
    assert isinstance(node.is_visible(), bool)
    assert isinstance(node.is_enabled(), bool)


WRONG: list[tuple[type[Exception], dict[str, Any]]] = [
    (TypeError, {"name": 7}),
    (ValueError, {"name": ""}),
    (TypeError, {"text": 7}),
    (TypeError, {"rect": 7}),
    (TypeError, {"rect": (1, 2, 3)}),
    (TypeError, {"visible": "yes"}),
    (TypeError, {"enabled": 1}),
    (TypeError, {"each": 7}),
    (TypeError, {"each": lambda one: []}),
    (TypeError, {"target": Rock(1), "each": list}),
    (TypeError, {"text": lambda one: ""}),
    (TypeError, {"target": Rock(1), "text": lambda one, two: ""}),
    (TypeError, {"tags": [7]}),
    (TypeError, {"tags": 7}),
]


@pytest.mark.parametrize(("error", "given"), WRONG)
def test_what_does_not_fit_is_refused_where_it_is_said(
    own: OwnNodes, error: type[Exception], given: dict[str, Any]
) -> None:
    with pytest.raises(error):
        own.add(**({"name": "a"} | given))
    assert nodes(own) == []


def test_an_async_function_is_refused(own: OwnNodes) -> None:
    async def text() -> str:
        return ""

    with pytest.raises(TypeError, match="async"):
        own.add("a", text=text)


def test_no_more_objects_are_gone_through_than_it_says(
    own: OwnNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_nodes, "MOST", 10)
    own.add("number", each=itertools.count)
    found = list(own.nodes(Looking()))
    assert len([node for node in found if isinstance(node, Node)]) == 10
    (trouble,) = (one for one in found if isinstance(one, Trouble))
    assert "10" in trouble.reason
