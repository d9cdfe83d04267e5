"""Fixtures of the tests of running games."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE, Start

from stagedoor.live.stage import Stage


@pytest.fixture
def start(games_folder: Path) -> Iterator[Start]:
    """Starts stages, on a free port unless told otherwise; they are closed after the test."""
    stages: list[Stage] = []

    def make(name: str | None = "asteroids", **options: Any) -> Stage:
        stages.append(Stage.start(name, **({"port": 0} | options)))
        return stages[-1]

    yield make
    for stage in stages:
        stage.close()
        deadline = time.monotonic() + PATIENCE
        while stage.port is not None:
            assert time.monotonic() < deadline
            stage.tick(0.0)
