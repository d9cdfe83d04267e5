"""The other Pythons that are found here: one of each minor version from 3.11 on, the one that runs
this left out. `python -m tests.pythons` prints their paths, for `make test-all`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST, NEWEST = 11, 19
"""Minor versions of Python 3 that are looked for."""


def others() -> list[str]:
    """Their paths, in the order of their versions."""
    found: dict[int, str] = {}
    for minor, path in _candidates():
        if minor != sys.version_info.minor and minor not in found and _works(path, minor):
            found[minor] = path
    return [found[minor] for minor in sorted(found)]


def _candidates() -> Iterator[tuple[int, str]]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    for minor in range(OLDEST, NEWEST + 1):
        for folder in sorted(pyenv.glob(f"versions/3.{minor}.*"), key=_patch, reverse=True):
            yield minor, str(folder / "bin" / "python")
        if (path := shutil.which(f"python3.{minor}")) is not None:
            yield minor, path


def _patch(folder: Path) -> int:
    patch = folder.name.rpartition(".")[2]
    return int(patch) if patch.isdecimal() else -1  # a release candidate


def _works(path: str, minor: int) -> bool:
    """A version manager may have a command for a version that it does not have."""
    source = "import ensurepip, sys, venv; print(sys.version_info.minor)"
    try:
        ended = subprocess.run([path, "-c", source], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.stdout.strip() == str(minor)


if __name__ == "__main__":
    print(*others())
