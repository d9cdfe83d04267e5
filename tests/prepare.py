"""Installs what the tests need beside Python packages: a browser.

`make test` runs it. Where it cannot install (not Debian, not root) it says in one line what is
missing; the tests that need it are skipped then, or fail where CI is set.
"""

import os
import shutil
import subprocess
import sys


def main() -> int:
    if os.environ.get("CHROMIUM") or shutil.which("chromium"):
        return 0
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print("Chromium is missing: on Debian, as root: apt-get install chromium", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    print("installing Chromium for the browser tests", flush=True)
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", "-qq", *arguments], stdout=subprocess.DEVNULL)
        if done.returncode != 0:
            print(f"apt-get {arguments[0]} failed: install Chromium by hand", file=sys.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
