"""A walk along a path gives others a turn where it takes long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.walk import MANY, walk
from stagedoor.wire.roles import Role

FEW = MANY // 2


def world(size: int) -> Any:
    """Its dict, set and attributes lead back to it."""
    it = SimpleNamespace(**{f"a{n}": n for n in range(size)})
    it.me, it.items = it, dict.fromkeys(range(size)) | {"me": it}
    it.rows = [*range(size), it]
    return it


def pieces(size: int, steps: str) -> int:
    roots, it = Roots(), world(size)
    roots.expose("world", it)
    return len(list(walk(roots, f"world{steps}", Role.VIEWER)))


@pytest.mark.parametrize("size", [FEW, 2 * MANY])
@pytest.mark.parametrize("step", [".me", '.items["me"]'])
def test_each_step_among_many_names_or_keys_is_a_piece(size: int, step: str) -> None:
    assert pieces(size, step * 20) >= 20 if size > MANY else pieces(size, step * 20) == 0


def test_any_item_of_a_list_is_found_at_once() -> None:
    assert pieces(FEW, f".rows[{FEW}]" * 20) == 0
    assert pieces(2 * MANY, f".rows[{2 * MANY}]") == 1, "that is for the name rows"
