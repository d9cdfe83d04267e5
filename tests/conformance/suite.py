"""One run of Autobahn|Testsuite's fuzzing client."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from .environment import BUILD

AGENT = "stagedoor"
# All but 12 and 13, permessage-deflate, and 8, which has no cases.
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
TIME_LIMIT = 600.0
SERVER_LIFETIME = 660

OUT = BUILD / "autobahn"
LOG = OUT / "wstest.log"
REPORTS = OUT / "reports"


class Result(TypedDict):
    """What the suite said of a case: how messages, and how the closing handshake went."""

    behavior: str
    behaviorClose: str


class SuiteError(Exception):
    """The suite did not run all its cases; the text says where to look."""


@contextmanager
def echo_server(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    """Run an echo server that prints its port; stop it at the end."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            preexec_fn=_end_in_time,
        )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line.strip().isdigit():
            raise SuiteError(f"the echo server printed no port: see {OUT / 'server.log'}")
        yield int(line)
        if server.poll() is not None:
            raise SuiteError(f"the echo server ended during the run: see {OUT / 'server.log'}")
    finally:
        server.kill()
        server.wait()


def _end_in_time() -> None:
    """Set an alarm, which outlives `exec`: the server ends even if this process is killed."""
    signal.alarm(SERVER_LIFETIME)


def run(wstest: Path, port: int) -> dict[str, Result]:
    """Return the result of each case, for example `results["1.1.1"]["behavior"]`."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    spec = OUT / "spec.json"
    servers = [{"agent": AGENT, "url": f"ws://127.0.0.1:{port}"}]
    spec.write_text(json.dumps({"outdir": str(REPORTS), "servers": servers, "cases": CASES}))
    command = [str(wstest), "-m", "fuzzingclient", "-s", str(spec)]
    try:
        with LOG.open("wb") as log:
            subprocess.run(command, stdout=log, stderr=log, timeout=TIME_LIMIT, check=True)
    except subprocess.CalledProcessError:
        raise SuiteError(f"wstest failed: see {LOG}") from None
    except subprocess.TimeoutExpired:
        raise SuiteError(f"not done within {TIME_LIMIT:.0f} s: see {LOG}") from None
    return _read()


def _read() -> dict[str, Result]:
    """Read what `wstest` left: its exit code says nothing about failed cases."""
    announced = re.search(r"will run (\d+) test cases", LOG.read_text(errors="replace"))
    index = REPORTS / "index.json"
    cases = json.loads(index.read_text())[AGENT] if index.exists() else {}
    if not announced or len(cases) != int(announced[1]):
        raise SuiteError(f"{len(cases)} cases ran, not all: see {LOG}")
    return {
        case: Result(behavior=found["behavior"], behaviorClose=found["behaviorClose"])
        for case, found in cases.items()
    }
