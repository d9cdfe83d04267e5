"""`search()`: one walk through the scene, in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stagedoor.live.domains.scene.searching import Search, search
from stagedoor.live.engines.scene import Node, Trouble
from stagedoor.live.language.selector import parse_selector
from stagedoor.live.scene.looking import Looking
from stagedoor.live.scene.scene import AT_ONCE
from stagedoor.wire.roles import Role


class Leaving(Node):
    """A node that may leave."""

    __slots__ = ("there",)

    def __init__(self) -> None:
        super().__init__(None, Looking())
        self.there = True

    def is_there(self) -> bool:
        return self.there


class Scenery:
    """A scene of nodes that are as told."""

    def __init__(self, *nodes: Node | Trouble | None) -> None:
        self.nodes = nodes

    def walk(self, read: Any) -> Iterator[Node | Trouble | None]:
        yield from self.nodes


def wanted(limit: int = 10, selector: str | None = None) -> Search:
    parsed = None if selector is None else parse_selector(selector)
    return Search(parsed, Role.VIEWER, Looking(), limit)


def test_what_leaves_while_others_are_looked_for_is_not_found() -> None:
    one, other, asked = Leaving(), Leaving(), wanted()
    steps = search(Scenery(one, None, other), asked)  # type: ignore[arg-type]
    next(steps)
    one.there = False
    assert list(steps) == []
    assert asked.found == [other]


def test_it_stops_at_the_limit() -> None:
    nodes, asked = [Leaving() for _ in range(4)], wanted(limit=3)
    assert list(search(Scenery(*nodes), asked)) == []  # type: ignore[arg-type]
    assert (asked.found, asked.more) == (nodes[:3], True)


def test_whether_they_are_still_there_is_asked_in_pieces() -> None:
    nodes, asked = [Leaving() for _ in range(4 * AT_ONCE)], wanted(limit=1000)
    assert len(list(search(Scenery(*nodes), asked))) == 4  # type: ignore[arg-type]
    assert asked.found == nodes


def test_another_search_begins_anew() -> None:
    asked, scenery = wanted(selector="*"), Scenery(Leaving(), Trouble("odd"))
    for _ in range(2):
        list(search(scenery, asked))  # type: ignore[arg-type]
        assert len(asked.found) == 1
        assert asked.troubles == ["odd"]
