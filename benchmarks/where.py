"""Where the instructions for a message go, in the whole server: `python -m benchmarks.where`.

The server's process runs in callgrind. The load generator sends 64 B to echo, or a typed call, with
eight in flight on each of 64 connections. There is a short and a long run: their difference is of
messages alone, without the start and the handshakes. The tables, in Markdown, give the
instructions for a message for each thread and each part. Callgrind does not see the kernel. It runs
one thread at a time, so batches are larger than they are without it.

`--write` writes the sum of each thread to `where.json`. `--check` compares with that, and prints no
tables; `make test-all` runs it.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from .committed import Committed, compiler
from .environment import HERE, LOADGEN, ROOT, prepare
from .instructions import part_of, self_costs
from .machine import python

MODULE = ROOT / "target" / "release" / "lib_core.so"
# What is asked, and what answers. The stage has a budget that is large enough for callgrind.
ROWS = {
    "echo of 64 B": ("echo", "peers/ours.py"),
    "typed call": ("call", "peers/ours_calls.py", "1", "10"),
}
FIGURES = Committed(
    HERE / "where.json",
    margin=0.05,
    margin_of_other_tools=0.5,
    # Part of it is done once for a batch, and batches vary.
    wider={f"{title}, network thread": 0.25 for title in ROWS},
)
CONNECTIONS, DEPTH = 64, 8
SHORT, LONG = 2.0, 8.0
LIFETIME = 120.0
LEAST = 0.005
"""Parts that take a smaller share than this are one line together."""

Costs = Counter[tuple[str, str]]
"""Instructions for each thread and part."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.where")
    parser.add_argument("--write", action="store_true", help="write new figures")
    parser.add_argument("--check", action="store_true", help="compare with the figures")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is missing: on Debian, as root: apt-get install valgrind", file=sys.stderr)
        return 1 if os.environ.get("CI") or not options.check else 0
    prepare()
    # This build has symbols. The installed module has none.
    command = ["cargo", "build", "--release", "--quiet", "-p", "stagedoor-bindings"]
    subprocess.run(command, cwd=ROOT, check=True)
    found: dict[str, int] = {}
    for title, (what, *script) in ROWS.items():
        few, short = counted(what, script, SHORT)
        many, long = counted(what, script, LONG)
        long.subtract(short)
        found |= for_each_thread(title, long, many - few)
        if not options.check:
            print(*table(title, long, many - few), sep="\n", flush=True)
    tools = f"{compiler()}, {python()}"
    if options.write:
        FIGURES.write(found, tools)
    return FIGURES.compare(found, tools) if options.check else 0


def counted(what: str, script: list[str], seconds: float) -> tuple[int, Costs]:
    """Return the number of messages in a run, and its instructions."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / "callgrind.out"
        package = Path(folder) / "python" / "stagedoor"
        shutil.copytree(ROOT / "python" / "stagedoor", package)
        shutil.copyfile(MODULE, package / "_core.abi3.so")
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", "--dump-line=no"]
        command += [f"--callgrind-out-file={output}", sys.executable]
        command += [str(HERE / script[0]), *script[1:]]
        environment = {"PYTHONPATH": str(package.parent), "STAGEDOOR": "1"}
        environment["STAGEDOOR_RUNTIME_DIR"] = folder
        with subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=_end_in_time,
        ) as server:
            assert server.stdout is not None
            port, _, token = server.stdout.readline().strip().partition(" ")
            messages = _asked(what, port, token, seconds)
            server.terminate()
        costs: Costs = Counter()
        for path in Path(folder).glob("callgrind.out-*"):
            lines = path.read_text().splitlines()
            for (file, source), instructions in self_costs(lines).items():
                costs[thread_of(lines), component_of(file, source)] += instructions
        return messages, costs


def thread_of(lines: list[str]) -> str:
    """Name the thread that a file of callgrind belongs to. A server has the program's thread, the
    network thread, and others that hardly run."""
    number = next(line.split()[1] for line in lines if line.startswith("thread:"))
    return {"1": "game", "2": "network"}.get(number, "others")


def component_of(file: str, source: str) -> str:
    """Name the part that the code belongs to. `file`: the object file."""
    if "/stagedoor/_core" in file:
        return part_of(source)
    name = Path(file).name
    if name.startswith(("libpython", "python")):
        return "CPython"
    if "/msgspec/" in file:
        return "msgspec"
    if name.startswith(("libc.", "ld-", "libm.", "libpthread")):
        return "C library"
    return name or "unknown"


def for_each_thread(title: str, costs: Costs, messages: int) -> dict[str, int]:
    """Return the instructions for a message on the two threads that every message passes."""
    threads = {"game": 0, "network": 0}
    for (thread, _), instructions in costs.items():
        if thread in threads:
            threads[thread] += instructions
    return {f"{title}, {name} thread": round(sum / messages) for name, sum in threads.items()}


def table(title: str, costs: Costs, messages: int) -> Iterator[str]:
    """Yield the lines of a table in Markdown: the parts of each thread, the largest first."""
    all_of_it = costs.total()
    yield f"\n| {title} | instructions | of all |\n|---|---:|---:|"
    threads = Counter[str]()
    for (thread, _), instructions in costs.items():
        threads[thread] += instructions
    for thread, in_thread in threads.most_common():
        if in_thread < all_of_it * LEAST:
            continue
        yield _line(f"**{thread} thread**", in_thread, messages, all_of_it)
        rest = in_thread
        for (of_thread, part), instructions in costs.most_common():
            if of_thread == thread and instructions >= all_of_it * LEAST:
                yield _line(part, instructions, messages, all_of_it)
                rest -= instructions
        yield _line("the rest", rest, messages, all_of_it)


def _end_in_time() -> None:
    """Set an alarm, which survives `exec`: the server ends even if this process is killed."""
    signal.alarm(round(LIFETIME))


def _line(what: str, instructions: int, messages: int, all_of_it: int) -> str:
    return f"| {what} | {instructions / messages:.0f} | {instructions / all_of_it:.1%} |"


def _asked(what: str, port: str, token: str, seconds: float) -> int:
    command = [LOADGEN, what, "--url", f"ws://127.0.0.1:{port}/", "--json", "--timeout", 30]
    command += ["--connections", CONNECTIONS, "--depth", DEPTH, "--warmup", 0, "--seconds", seconds]
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "STAGEDOOR_TOKEN": token},
        stdout=subprocess.PIPE,
        text=True,
        timeout=LIFETIME,
        check=True,
    )
    report = json.loads(done.stdout)
    if report["errors"]:
        raise SystemExit(f"{report['errors']} calls were answered with an error")
    messages: int = report["messages"]
    return messages


if __name__ == "__main__":
    sys.exit(main())
