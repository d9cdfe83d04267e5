"""`Scene`: the layers, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from stagedoor.live.engines import scene as layers
from stagedoor.live.engines.scene import Node, Reader, Trouble
from stagedoor.live.scene import scene as scene_module
from stagedoor.live.scene.looking import Looking
from stagedoor.live.scene.scene import AT_ONCE, Scene


class Layer:
    """A provider of so many nodes, which raises after that, if it is told to."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self.count = count
        self.error = error

    def nodes(self, read: Reader) -> Iterator[Node | Trouble | None]:
        for _ in range(self.count):
            yield Node(None, read)
        if self.error is not None:
            raise self.error


def walk(monkeypatch: pytest.MonkeyPatch, *providers: Any) -> Iterator[Node | Trouble | None]:
    monkeypatch.setattr(layers, "providers", lambda: list(providers))
    return Scene().walk(Looking())


def test_a_layer_that_raises_is_told_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [*walk(monkeypatch, Layer(2, ZeroDivisionError("odd")), Layer(3))]
    assert len([one for one in found if isinstance(one, Node)]) == 5
    (trouble,) = (one.reason for one in found if isinstance(one, Trouble))
    assert "Layer" in trouble
    assert "odd" in trouble


def test_the_walk_may_pause_after_some_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [*walk(monkeypatch, Layer(10 * AT_ONCE))]
    assert found.count(None) >= 10


def test_the_walk_may_pause_after_each_node_that_took_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1.0  # at each look
        return now

    monkeypatch.setattr(scene_module, "perf_counter", clock)
    found = [*walk(monkeypatch, Layer(5))]
    kinds = ["pause" if one is None else "node" for one in found]
    assert kinds == ["pause", *["node", "pause"] * 5, "pause"], "and before the game's own nodes"
