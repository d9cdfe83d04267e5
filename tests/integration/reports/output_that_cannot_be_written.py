"""Where stdout is full or closed, the command line says so in a line, and not by a traceback."""

import subprocess
import sys

from report import command, tell

with open("/dev/full", "w") as full:
    stderr = command("ps", stdout=full, stderr=subprocess.PIPE, capture_output=False).stderr
closed = subprocess.run(
    ["sh", "-c", f"{sys.executable} -m stagedoor ps >&-"], stderr=subprocess.PIPE, text=True
)
told = [stderr.strip(), closed.stderr.strip()]
tell(not any("Traceback" in text or len(text.splitlines()) > 1 for text in told), told)
