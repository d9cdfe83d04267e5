"""`find()`: which framework the game has imported."""

from __future__ import annotations

import sys

from stagedoor.live import engines


def test_nothing_is_imported_to_find_out() -> None:
    before = set(sys.modules)
    engines.find()
    assert set(sys.modules) == before
