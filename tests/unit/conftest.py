"""Fixtures of the unit tests."""

from pathlib import Path

import pytest


@pytest.fixture
def games_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which running games are looked for, empty, and this test's own."""
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(tmp_path / "runtime"))
    folder = tmp_path / "runtime" / "games"
    folder.mkdir(parents=True, mode=0o700)
    return folder
