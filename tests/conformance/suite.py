"""One run of Autobahn|Testsuite's fuzzing client, in parts that run side by side."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from .environment import BUILD

AGENT = "stagedoor"
# Groups 12 and 13, permessage-deflate, take minutes of computing in the suite's one thread: each
# of their parts is a process of its own, one for each processor at a time. Group 8 has no cases.
PARTS = {
    "1-10": ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"],
    **{f"12.{part}": [f"12.{part}.*"] for part in range(1, 6)},
    **{f"13.{part}": [f"13.{part}.*"] for part in range(1, 8)},
}
TIME_LIMIT = 1200.0
SERVER_LIFETIME = 1260

OUT = BUILD / "autobahn"
LOGS = OUT / "logs"
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
    for folder in (REPORTS, LOGS):
        shutil.rmtree(folder, ignore_errors=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    workers = max(2, os.cpu_count() or 1)
    ends_by = time.monotonic() + TIME_LIMIT
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            for part in pool.map(lambda name: _run_part(wstest, port, name, ends_by), PARTS):
                results |= part
        except SuiteError:
            pool.shutdown(cancel_futures=True)
            raise
    return results


def _run_part(wstest: Path, port: int, name: str, ends_by: float) -> dict[str, Result]:
    """Run the cases of one part in a process of its own."""
    reports = REPORTS / name
    spec, log = LOGS / f"{name}.json", LOGS / f"{name}.log"
    servers = [{"agent": AGENT, "url": f"ws://127.0.0.1:{port}"}]
    spec.write_text(json.dumps({"outdir": str(reports), "servers": servers, "cases": PARTS[name]}))
    command = [str(wstest), "-m", "fuzzingclient", "-s", str(spec)]
    try:
        with log.open("wb") as output:
            timeout = max(1.0, ends_by - time.monotonic())
            subprocess.run(command, stdout=output, stderr=output, timeout=timeout, check=True)
    except subprocess.CalledProcessError:
        raise SuiteError(f"wstest failed: see {log}") from None
    except subprocess.TimeoutExpired:
        raise SuiteError(f"not done within {TIME_LIMIT:.0f} s: see {log}") from None
    return _read(reports / "index.json", log)


def _read(index: Path, log: Path) -> dict[str, Result]:
    """Read what `wstest` left: its exit code says nothing about failed cases."""
    announced = re.search(r"will run (\d+) test cases", log.read_text(errors="replace"))
    cases = json.loads(index.read_text())[AGENT] if index.exists() else {}
    if not announced or len(cases) != int(announced[1]):
        raise SuiteError(f"{len(cases)} cases ran, not all: see {log}")
    return {
        case: Result(behavior=found["behavior"], behaviorClose=found["behaviorClose"])
        for case, found in cases.items()
    }
