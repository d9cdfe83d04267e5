"""What the scripts in `timed/` read from the kernel and from processes."""

import os
import subprocess
import sys

import psutil
import pytest
from benchmarks.costs import SCRIPTS, CostsError, run
from benchmarks.timed.memory import resident
from benchmarks.timed.start_up import TIMED


def test_resident_memory_is_what_the_process_has() -> None:
    assert resident(os.getpid()) == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)


def test_a_start_is_timed_from_inside() -> None:
    text = TIMED.format(statements="import time; time.sleep(0.05)")
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, check=True, text=True)
    assert 0.05 <= float(said.stdout) < 5


def test_a_script_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCRIPTS, "broken", "benchmarks.timed.no_such_script")
    with pytest.raises(CostsError, match="No module named"):
        run("broken", is_quick=True)
