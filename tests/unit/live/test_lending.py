"""`stagedoor.live.lending`: what a stand-in has of a stage."""

from __future__ import annotations

import gc
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from stagedoor.live.lending import Lent, hook_in
from stagedoor.live.pacing.pace import Pace


class Stage:
    def tick(self, dt: float | None) -> float:
        return -1.0 if dt is None else dt


def test_a_stage_is_ticked_but_not_kept() -> None:
    stage, hub = Stage(), SimpleNamespace(frame=7)
    not_typed: Any = hub
    lent = Lent(stage.tick, not_typed, Pace())
    assert lent.tick(0.5) == 0.5
    assert lent.tick(None) == -1.0
    assert lent.frame == 7
    del stage
    gc.collect()
    assert lent.tick(0.5) is None


def test_the_framework_is_hooked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [])
    hook = hook_in()
    assert hook_in() is hook
    hook.remove()
    hook.remove()
    assert hook not in sys.meta_path
