"""What was reported, tried again: each input of this folder is a program of its own.

What is wrong today is in `WRONG_TODAY`. Take it out of there when you mend it: the mark is strict,
except where chance decides.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from report import RIGHT, WRONG

FOLDER = Path(__file__).parent
INPUTS = sorted(
    file.stem for file in FOLDER.glob("*.py") if file.stem not in ("report", "test_reports")
)
PATIENCE = 120.0
"""Seconds after which an input is ended."""

WRONG_TODAY: dict[str, str] = {}
"""What is wrong, of each input that is."""
NOT_EVERY_TIME: set[str] = set()
"""What is wrong by chance, or by how fast the machine is: processes, threads or a clock decide."""

SLOW = {
    "event_wait",
    "run_prints_into_the_game",
    "step_of_a_stalled_game",
}
"""They take more than 3 s."""


class WrongError(Exception):
    """What an input saw is not right."""


def parameters() -> list[object]:
    found = []
    for name in INPUTS:
        marks = []
        if name in WRONG_TODAY:
            why, is_strict = WRONG_TODAY[name], name not in NOT_EVERY_TIME
            marks.append(pytest.mark.xfail(strict=is_strict, raises=WrongError, reason=why))
        if name in SLOW:
            marks.append(pytest.mark.slow)
        found.append(pytest.param(name, marks=marks))
    return found


@pytest.mark.parametrize("name", parameters())
def test_it_is_right(name: str, env: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, FOLDER / f"{name}.py"],
        cwd=tmp_path,
        env=env | {"STAGEDOOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a group of its own, to end what it has started, too
    ) as process:
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise WrongError(f"{name} hangs") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode == WRONG:
        raise WrongError(output)
    assert process.returncode == RIGHT, f"the input itself is broken:\n{output}"


def test_what_is_wrong_and_what_is_slow_is_an_input() -> None:
    assert {*WRONG_TODAY, *NOT_EVERY_TIME, *SLOW} <= set(INPUTS)
