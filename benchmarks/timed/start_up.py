"""How long a program takes to start: to import modules, and until a stage listens.

Each start is a new process. The files are in the system's cache, because a first round is not
counted.
"""

import json
import os
import subprocess
import sys

from benchmarks.costs import IMPORT, START
from benchmarks.environment import PYTHON

PEERS = str(PYTHON.python)
# For each start: the Python, the value of STAGEDOOR, and the statements that are timed.
STARTS = {
    IMPORT: (sys.executable, "0", "import stagedoor"),
    "import stagedoor, enabled": (sys.executable, "1", "import stagedoor"),
    START: (sys.executable, "1", "import stagedoor; stagedoor.start('start', port=0)"),
    "import websockets.asyncio.server": (PEERS, "", "import websockets.asyncio.server"),
    "import picows, uvloop": (PEERS, "", "import picows, uvloop"),
    "import aiohttp.web": (PEERS, "", "import aiohttp.web"),
}
TIMED = """
from time import perf_counter
began = perf_counter()
{statements}
took = perf_counter() - began
import os
os.write(1, str(took).encode())
os._exit(0)
"""


def main() -> None:
    rounds = 2 if "--quick" in sys.argv else 11
    found: dict[str, list[float]] = {what: [] for what in STARTS}
    for number in range(rounds + 1):
        for what, (python, enabled, statements) in STARTS.items():
            done = subprocess.run(
                [python, "-c", TIMED.format(statements=statements)],
                env={**os.environ, "STAGEDOOR": enabled} if enabled else None,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            if number > 0:  # the first round reads from disk
                found[what].append(float(done.stdout) * 1e9)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
