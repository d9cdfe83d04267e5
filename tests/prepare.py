"""Installs what the tests need beside Python packages: a browser, and valgrind.

`make test` runs it. Where it cannot install (not Debian, not root) it says in one line what is
missing; what needs it is skipped then, or fails where CI is set.
"""

import os
import shutil
import subprocess
import sys

# The command, which is the package's name, too, and what it is for.
NEEDED = {"chromium": "the browser tests", "valgrind": "counting instructions"}


def main() -> int:
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
