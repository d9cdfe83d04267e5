"""`find()`: which framework the game has imported."""

from __future__ import annotations

import subprocess
import sys

from stagedoor.live import engines


def test_nothing_is_imported_to_find_out() -> None:
    before = set(sys.modules)
    engines.find()
    came = {name for name in set(sys.modules) - before if not name.startswith("stagedoor.live.")}
    assert came == set()


def test_patches_are_there_before_any_framework_is() -> None:
    code = (
        "import sys; from stagedoor.live import engines;"
        "assert 'pygame.time' in engines.patches(None);"
        "assert not engines.ENGINES.keys() & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
