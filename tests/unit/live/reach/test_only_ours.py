"""Looking at objects of any kind runs Python code of this package alone. So libraries do not notice
either, as mocks, that something looks at what they keep."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("only_ours.py")
PATIENCE = 60.0


def test_looking_at_anything_runs_only_our_code() -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM],
        env=os.environ | {"PYGAME_HIDE_SUPPORT_PROMPT": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
