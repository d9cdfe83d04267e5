"""The Python 2.7 that Autobahn|Testsuite needs, found and furnished under `build/`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BUILD = Path("build")
SUITE = BUILD / "autobahn-venv"
MAKER = BUILD / "virtualenv-venv"

# The last virtualenv that makes environments for 2.7, and the suite's last release, which needs an
# `incremental` that its own requirements no longer name.
VIRTUALENV = "virtualenv==20.21.1"
PACKAGES = ("incremental==16.10.1", "autobahntestsuite==0.8.2")

HOW_TO_GET_PYTHON_2 = (
    "Autobahn|Testsuite needs Python 2.7 and none was found: `pyenv install 2.7.18`, or put a"
    " python2.7 or pypy on PATH."
)


class MissingPython2Error(Exception):
    """No interpreter that runs Autobahn|Testsuite; the text says how to get one."""


def wstest() -> Path:
    """Return the suite's `wstest`, installed on first use."""
    program = SUITE / "bin" / "wstest"
    ready = SUITE / "stagedoor-ready"
    if not ready.exists():
        python = find_python2()
        print(f"making {SUITE} with {python} (once)", flush=True)
        shutil.rmtree(SUITE, ignore_errors=True)
        _run(sys.executable, "-m", "venv", "--clear", MAKER)
        _run(MAKER / "bin" / "pip", "install", "--quiet", VIRTUALENV)
        _run(MAKER / "bin" / "virtualenv", "--quiet", "-p", python, SUITE)
        _run(SUITE / "bin" / "pip", "install", "--quiet", *PACKAGES)
        ready.touch()
    return program


def find_python2() -> Path:
    """Return the first Python 2.7 that runs."""
    for candidate in _candidates():
        check = "import sys; sys.exit(sys.version_info[:2] != (2, 7))"
        if subprocess.run([candidate, "-c", check], capture_output=True).returncode == 0:
            return candidate
    raise MissingPython2Error(HOW_TO_GET_PYTHON_2)


def _candidates() -> Iterator[Path]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(root.glob("versions/2.7*/bin/python2.7"), reverse=True)
    for name in ("python2.7", "python2", "pypy"):
        if found := shutil.which(name):
            yield Path(found)


def _run(*command: str | Path) -> None:
    # Packages are built for 2.7 from source: their warnings are of no use to anyone here.
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout)
        raise SystemExit(f"could not run {' '.join(map(str, command))}")
