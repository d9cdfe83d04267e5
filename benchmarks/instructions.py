"""Instructions on hot paths of the crates, counted by callgrind and compared with figures in Git.

`make test` runs `python -m benchmarks.instructions`. It fails if a message needs more instructions
than the figure in `instructions.json` and the margin allow, or if nothing was counted. `--write`
writes new figures. `--sizes` prints the cost of a message by its size. `--where` prints which
sources the instructions belong to.

A count does not depend on how busy the machine is. It depends on the kind of processor and the
version of the compiler, which are recorded with the figures. The C library (`memcpy`, `malloc`) is
left out: it takes different paths on each processor and in each version.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from .committed import Committed, compiler
from .environment import HERE, ROOT

PROGRAMS = ROOT / "target" / "release" / "examples"
# The examples of these crates. In each, a function `measured` calls everything that is counted.
EXAMPLES = {"stagedoor-protocol": "hot_paths", "stagedoor-rpc": "requests"}
COUNTED = "*measured*"
# A cost line of callgrind begins with a position: an absolute or a relative one, or `*`: the last.
COST_LINES = (*"0123456789", "+", "-", "*")
# Which lines name object files, and which name sources. Lines of calls only define their numbers.
KINDS = {"ob": "ob", "cob": "ob", "fl": "fl", "fi": "fl", "fe": "fl", "cfi": "fl", "cfl": "fl"}
OF_CALLS = ("cob", "cfi", "cfl")
SOURCES = (
    r"(crates/\w+/(?:src|examples)/.*)",
    r"library/(?:std/src/\.\./\.\./)?(\w+)/",
    r"/([\w-]+)-\d+\.\d+[^/]*/src/",
)

FIGURES = Committed(HERE / "instructions.json", margin=0.05, margin_of_other_tools=0.25)

# Arguments of an example: the path, the bytes of a message, how many messages.
PATHS = {
    "receive, text of 64 B": ("receive", 64, 4000),
    "receive, text of 16 KiB": ("receive", 16 * 1024, 160),
    "receive, text of 1 MiB": ("receive", 1024 * 1024, 4),
    "send, text of 64 B": ("send", 64, 4000),
    "send, text of 16 KiB": ("send", 16 * 1024, 160),
    "inflate, JSON of 256 B": ("inflate", 256, 1000),
    "deflate, JSON of 256 B": ("deflate", 256, 1000),
    "opening handshake": ("handshake", 0, 500),
    "read a request, params of 20 B": ("call", 20, 4000),
    "read a request, params of 1 KiB": ("call", 1024, 1000),
}
SIZES = [16 * 4**power for power in range(11)]  # 16 B to 16 MiB


class CountError(Exception):
    """Nothing was counted. The text says why."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions")
    parser.add_argument("--write", action="store_true", help="write new figures")
    parser.add_argument("--sizes", action="store_true", help="print a table by message size")
    parser.add_argument("--where", action="store_true", help="print the instructions by source")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is missing: on Debian, as root: apt-get install valgrind", file=sys.stderr)
        return 1 if os.environ.get("CI") or any(vars(options).values()) else 0
    try:
        _build()
        if options.sizes:
            print(*by_size(), sep="\n")
            return 0
        parts = {name: count(*path) for name, path in PATHS.items()}
    except CountError as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 1
    if options.where:
        print(*where(parts), sep="\n")
        return 0
    found = {name: round(sum(of_parts.values())) for name, of_parts in parts.items()}
    if options.write:
        FIGURES.write(found, compiler())
        return 0
    return FIGURES.compare(found, compiler())


def count(path: str, size: int, messages: int) -> dict[str, float]:
    """Return how many instructions a message takes in a crate and the crates that it uses, for each
    source.

    Raises: CountError, if nothing was counted.
    """
    program = PROGRAMS / EXAMPLES["stagedoor-rpc" if path == "call" else "stagedoor-protocol"]
    with TemporaryDirectory() as folder:
        output = Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"]
        command += [f"--toggle-collect={COUNTED}", str(program), path, str(size), str(messages)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired as error:
            raise CountError(f"{path} was not done within 300 s") from error
        if done.returncode:
            raise CountError(f"{path} failed: {done.stderr.strip().splitlines()[-1]}")
        found = own_instructions(output.read_text().splitlines(), program.name)
    if not found:
        raise CountError(f"nothing was counted for {path}: has `measured` another name?")
    return {part: instructions / messages for part, instructions in found.items()}


def own_instructions(lines: Iterable[str], program: str) -> Counter[str]:
    """Return callgrind's counts for the code of one program, for each part of the sources. Code in
    other object files, which the program calls, is left out."""
    found: Counter[str] = Counter()
    for (file, source), instructions in self_costs(lines).items():
        if Path(file).name == program:
            found[part_of(source)] += instructions
    return found


def self_costs(lines: Iterable[str]) -> Counter[tuple[str, str]]:
    """Return callgrind's counts for each object file and source, without what the code calls."""
    names: dict[str, dict[str, str]] = {"ob": {}, "fl": {}}
    found: Counter[tuple[str, str]] = Counter()
    file, source, is_call = "", "", False
    for line in lines:
        key, _, value = line.partition("=")
        if line.startswith(COST_LINES):
            if not is_call:
                found[file, source] += int(line.split()[1])
            is_call = False
        elif key in KINDS:
            # `(1) name` the first time, then `(1)`. Object files and sources are numbered apart.
            number, _, name = value.partition(" ")
            known = names[KINDS[key]].setdefault(number, name)
            if key == "ob":
                file = known
            elif key not in OF_CALLS:
                source = known
        elif key == "calls":
            is_call = True
    return found


def part_of(source: str) -> str:
    """Return the file, if the source is in this project; otherwise its crate."""
    for pattern in SOURCES:
        if found := re.search(pattern, source):
            return found[1]
    return source


def by_size() -> Iterator[str]:
    """Yield a table in Markdown: instructions for a message, and for each of its bytes."""
    yield "| message | receive | a byte | send | a byte |"
    yield "|---:|---:|---:|---:|---:|"
    for size in SIZES:
        messages = max(2, min(2000, 4 * 1024 * 1024 // size))
        both = [sum(count(path, size, messages).values()) for path in ("receive", "send")]
        cells = [f"{found:,.0f} | {found / size:.2f}".replace(",", " ") for found in both]
        yield f"| {size} B | {' | '.join(cells)} |"


def where(parts: dict[str, dict[str, float]]) -> Iterator[str]:
    """Yield a table in Markdown for each path: sources that take at least one instruction in 50."""
    for name, found in parts.items():
        total = sum(found.values())
        yield f"\n| {name} | {total:.0f} | |\n|---|---:|---:|"
        for part, instructions in sorted(found.items(), key=lambda item: -item[1]):
            if instructions >= total / 50:
                yield f"| {part} | {instructions:.0f} | {instructions / total:.0%} |"


def _build() -> None:
    command = ["cargo", "build", "--release", "--quiet", "--examples"]
    command += [word for crate in EXAMPLES for word in ("-p", crate)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise CountError("the programs did not build")


if __name__ == "__main__":
    sys.exit(main())
