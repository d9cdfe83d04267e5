"""Installs what the tests need beside Python packages: a browser, valgrind, and a game.

`make test` runs it. Where it cannot install (not Debian, not root, no network) it says in one line
what is missing; what needs it is skipped then, or fails where CI is set.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The command, which is the package's name, too, and what it is for.
NEEDED = {"chromium": "the browser tests", "valgrind": "counting instructions"}

# Games are no dependencies: they pin a pygame of their own, and run with ours.
GAMES = Path(__file__).parents[1] / "build" / "games"
GAME = "pybreakout==0.1.0"


def main() -> int:
    return install_game() or install_tools()


def install_game() -> int:
    """Put a game that others have published into `GAMES`."""
    name, _, version = GAME.partition("==")
    if (GAMES / f"{name}-{version}.dist-info").is_dir():
        return 0
    print(f"installing {name} for the tests that reach into games", flush=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    options = ["--no-deps", "--only-binary", ":all:", "--upgrade", "--target", str(GAMES)]
    done = subprocess.run([*pip, *options, GAME])
    if done.returncode != 0:
        print(f"{GAME}: missing; pip could not install it", file=sys.stderr)
    return done.returncode if os.environ.get("CI") else 0


def install_tools() -> int:
    missing = [name for name in NEEDED if not is_here(name)]
    if not missing:
        return 0
    packages = " ".join(missing)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(
            f"{packages}: missing; on Debian, as root: apt-get install {packages}", file=sys.stderr
        )
        return 1 if os.environ.get("CI") else 0
    print(*(f"installing {name} for {NEEDED[name]}" for name in missing), sep="\n", flush=True)
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", "-qq", *arguments], stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            print(f"apt-get {arguments[0]} failed: install {packages} by hand", file=sys.stderr)
            return done.returncode
    return 0


def is_here(name: str) -> bool:
    """Whether it is on the path, or named by the environment, as `CHROMIUM=...`."""
    return bool(os.environ.get(name.upper()) or shutil.which(name))


if __name__ == "__main__":
    sys.exit(main())
