"""A game whose file has a name that is no UTF-8 runs."""

import os
import subprocess
import sys

from report import PATIENCE, folder, tell

file = os.fsencode(folder()) + b"/sp\xe9l.py"
with open(file, "w") as out:
    out.write("import stagedoor\nstagedoor.start(port=0).tick(0.1)\nprint('the game runs')\n")
ended = subprocess.run(
    [os.fsencode(sys.executable), file], capture_output=True, errors="replace", timeout=PATIENCE
)
tell("the game runs" in ended.stdout, f"exit code {ended.returncode}: {ended.stderr[-200:]}")
