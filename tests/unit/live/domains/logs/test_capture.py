"""The log of the process: when it listens, and what it leaves behind."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import warnings

import pytest
from tests.unit.live.domains.logs.listening import Listen, Owner

from stagedoor.live.domains.logs.capture import Log


def hooks() -> list[object]:
    return [
        logging.Logger.callHandlers,
        sys.excepthook,
        threading.excepthook,
        sys.unraisablehook,
        warnings.showwarning,
        vars(sys.stdout).get("write"),
        vars(sys.stderr).get("write"),
    ]


def test_all_is_put_back_when_the_last_owner_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    before = hooks()
    log, first, second = Log(), Owner(), Owner()
    log.open(first, first.tell_the_end)
    log.open(second, second.tell_the_end)
    assert all(new is not old for new, old in zip(hooks(), before, strict=True))
    log.close(first)
    print("heard")
    log.close(second)
    assert hooks() == before
    print("not heard")
    logging.getLogger("game").warning("not heard")
    assert log.ring.sequence == 1
    log.close(second)


def test_an_owner_that_nobody_has_leaves_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    before = hooks()
    log, owner = Log(), Owner()
    log.open(owner, owner.tell_the_end)
    assert log.is_on
    del owner
    assert not log.is_on
    assert hooks() == before


def test_who_has_wrapped_a_hook_since_is_not_broken(
    listen: Listen, owner: Owner, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    seen: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: seen.append(args))
    log = listen()
    ours, writing = sys.excepthook, sys.stdout.write
    monkeypatch.setattr(sys, "excepthook", lambda *args: ours(*args))
    theirs = sys.excepthook
    monkeypatch.setattr(sys.stdout, "write", lambda text: writing(text.upper()))
    log.close(owner)
    assert sys.excepthook is theirs
    sys.excepthook(ValueError, ValueError(), None)
    print("hello")
    assert len(seen) == 1
    assert capsys.readouterr().out == "HELLO\n"
    assert log.ring.sequence == 0, "nobody listens any more"


def test_logging_is_configured_as_without_us() -> None:
    """basicConfig() does its work, and a program without handlers gets its warnings on stderr."""
    code = """
import logging, stagedoor
stage = stagedoor.start("game", port=0)
logging.getLogger("game").warning("as ever")
assert logging.root.handlers == []
logging.basicConfig(format="configured %(message)s")
logging.getLogger("game").warning("now")
"""
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"STAGEDOOR": "1"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "as ever\nconfigured now\n")


def test_a_dormant_stage_listens_to_nothing() -> None:
    code = """
import logging, sys, stagedoor
stagedoor.start("game")
assert logging.Logger.callHandlers.__qualname__ == "Logger.callHandlers"
assert sys.excepthook is sys.__excepthook__
assert "write" not in vars(sys.stdout)
assert "stagedoor.live" not in sys.modules
"""
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"STAGEDOOR": "0"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_has_a_log_of_its_own() -> None:
    code = """
import os, sys, stagedoor
from stagedoor.live.domains.logs.capture import log
stage = stagedoor.start("game", port=0)
print("parent")
if os.fork() == 0:
    assert not log.is_on and log.ring.sequence == 0
    assert "write" not in vars(sys.stdout)
    stage.close()
    mine = stagedoor.start("child", port=0)
    print("child")
    assert [r.message for r in log.ring.newest(9, lambda _: True).records] == ["child"]
    sys.stdout.flush()
    os._exit(0)
_, status = os.wait()
assert status == 0
assert log.is_on and log.ring.sequence == 1
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        env=os.environ | {"STAGEDOOR": "1", "PYTHONUNBUFFERED": "1"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == ["parent", "child"]
