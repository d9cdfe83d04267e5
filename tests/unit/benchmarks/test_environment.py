"""Where peers are installed, and which Pythons there are for them."""

import subprocess
import sys
from pathlib import Path

from benchmarks.environment import ROOT, Home, newer_pythons


def test_a_home_is_here_once_it_has_what_is_wanted(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("one==1\n")
    home = Home(ROOT / "build" / f"test-{tmp_path.name}", wanted, "nothing")
    installed = []

    def install(path: Path, asked: Path) -> None:
        path.mkdir()
        installed.append(asked.read_text())

    try:
        assert not home.is_here
        home.install(install)
        assert home.is_here
        home.install(install)  # once is enough
        wanted.write_text("one==2\n")
        assert not home.is_here
        assert installed == ["one==1\n"]
    finally:
        (home.path / "installed.txt").unlink(missing_ok=True)
        home.path.rmdir()


def test_newer_pythons_run_and_are_newer() -> None:
    for python in newer_pythons():
        said = subprocess.run(
            [python, "-c", "import sys; print(sys.version_info >= (3, 12))"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout.strip() == "True", python
    if sys.version_info >= (3, 12):
        assert next(newer_pythons()) == sys.executable
