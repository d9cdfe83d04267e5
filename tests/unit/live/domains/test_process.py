"""`process.info`: what process this is."""

from __future__ import annotations

import os
import platform
import sys
import threading
import time

import msgspec
import pytest
from msgspec import UNSET, Raw

from stagedoor import __version__
from stagedoor.live.domains import process
from stagedoor.live.domains.process import ProcessInfo
from stagedoor.live.rpc.methods import Methods
from stagedoor.wire.errors import InvalidParams


def info_of(methods: Methods) -> ProcessInfo:
    """What a client gets, through JSON."""
    method = methods["process.info"]
    method.signature.decode(UNSET)
    result = method.function()
    return msgspec.json.decode(msgspec.json.encode(result), type=ProcessInfo)


@pytest.fixture
def methods() -> Methods:
    methods = Methods()
    process.add_to(methods, "asteroids")
    return methods


def test_tells_of_this_process(methods: Methods) -> None:
    info = info_of(methods)
    assert info.name == "asteroids"
    assert info.pid == os.getpid()
    assert info.argv == sys.argv
    assert info.python == f"{platform.python_implementation()} {platform.python_version()}"
    assert info.platform == platform.platform()
    assert info.stagedoor == __version__
    assert info.threads == threading.active_count()


def test_times_are_seconds_since_the_stage_was_started(methods: Methods) -> None:
    first = info_of(methods)
    second = info_of(methods)
    assert abs(first.started - time.time()) < 60
    assert first.started == second.started
    assert 0 <= first.uptime <= second.uptime < 60


def test_a_game_that_changed_argv_to_what_json_cannot_carry_is_told_of_all_the_same(
    methods: Methods, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file name that is not UTF-8 comes as a lone surrogate.
    monkeypatch.setattr(sys, "argv", ["game.py", "level-\udcff"])
    info = info_of(methods)
    assert info.argv[0] == "game.py"
    assert len(info.argv) == 2


def test_takes_no_params(methods: Methods) -> None:
    with pytest.raises(InvalidParams):
        methods["process.info"].signature.decode(Raw(b"[1]"))
