"""Instructions on the hot paths of `crates/protocol`, counted by callgrind, against figures in Git.

`make test` runs `python -m benchmarks.instructions`: it fails when a message needs more than
`instructions.json` says and the margin allows, and when nothing was counted. `--write` writes new
figures; `--sizes` prints what a message costs by its size.

A count does not depend on how busy the machine is. What it does depend on is recorded with the
figures: the kind of processor and the version of the compiler. What the C library does (`memcpy`,
`malloc`) is left out: it takes another way on each processor and in each version.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .environment import HERE, ROOT

FIGURES = HERE / "instructions.json"
PROGRAM = ROOT / "target" / "release" / "examples" / "hot_paths"
COUNTED = "*hot_paths*measured*"
# A cost line of callgrind begins with a position: absolute, relative, or the same as before.
COST_LINES = (*"0123456789", "+", "-", "*")

MARGIN = 0.05
"""So much more than the figure is allowed."""
MARGIN_OF_OTHER_COMPILER = 0.25
"""The same, if the figures are from another version of the compiler."""

# Arguments of the program: which path, bytes of a message, messages.
PATHS = {
    "receive, text of 64 B": ("receive", 64, 4000),
    "receive, text of 16 KiB": ("receive", 16 * 1024, 160),
    "receive, text of 1 MiB": ("receive", 1024 * 1024, 4),
    "send, text of 64 B": ("send", 64, 4000),
    "send, text of 16 KiB": ("send", 16 * 1024, 160),
    "inflate, JSON of 256 B": ("inflate", 256, 1000),
    "deflate, JSON of 256 B": ("deflate", 256, 1000),
    "opening handshake": ("handshake", 0, 500),
}
SIZES = [16 * 4**power for power in range(11)]  # 16 B to 16 MiB


class CountError(Exception):
    """Nothing was counted; the text says why and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions")
    parser.add_argument("--write", action="store_true", help="write new figures")
    parser.add_argument("--sizes", action="store_true", help="print a table by size of message")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is missing: on Debian, as root: apt-get install valgrind", file=sys.stderr)
        return 1 if os.environ.get("CI") or options.write or options.sizes else 0
    try:
        _build()
        if options.sizes:
            print(*by_size(), sep="\n")
            return 0
        found = {name: count(*path) for name, path in PATHS.items()}
    except CountError as error:
        print(f"instructions: {error}", file=sys.stderr)
        return 1
    compiler = _compiler()
    if options.write:
        known = _known() | {platform.machine(): {"compiler": compiler, "for a message": found}}
        FIGURES.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
        print(f"wrote {FIGURES.relative_to(ROOT)}")
        return 0
    figures = _known().get(platform.machine())
    if figures is None:
        print(f"instructions: {FIGURES.name} has none for {platform.machine()}; see --write")
        return 1 if os.environ.get("CI") else 0
    too_many = list(complaints(found, figures, compiler))
    print(*too_many, sep="\n", end="\n" if too_many else "")
    return 1 if any(line.startswith("TOO MANY") for line in too_many) else 0


def complaints(found: dict[str, int], figures: dict[str, Any], compiler: str) -> Iterator[str]:
    """Give a line for each path that needs more than it may, and for what else is to be said."""
    margin = MARGIN
    if figures["compiler"] != compiler:
        margin = MARGIN_OF_OTHER_COMPILER
        yield (
            f"instructions: the figures are of {figures['compiler']}, this is {compiler}: "
            f"{margin:.0%} more are allowed"
        )
    known: dict[str, int] = figures["for a message"]
    for name, now in found.items():
        if name not in known:
            yield f"TOO MANY instructions, {name}: {now}, and no figure; see --write"
        elif now > known[name] * (1 + margin):
            more = now / known[name] - 1
            yield (
                f"TOO MANY instructions, {name}: {now} for a message, {more:+.1%} on "
                f"{known[name]} ({margin:.0%} are allowed; if it is worth it: --write)"
            )
        elif now < known[name] * (1 - margin):
            fewer = now / known[name] - 1
            yield f"instructions, {name}: {now} for a message, {fewer:+.1%}: keep it by --write"


def count(path: str, size: int, messages: int) -> int:
    """Return the instructions for each message that `crates/protocol` and what it is built of take.

    Raises CountError if nothing was counted.
    """
    with TemporaryDirectory() as folder:
        output = Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"]
        command += [f"--toggle-collect={COUNTED}", "--dump-line=no", str(PROGRAM)]
        command += [path, str(size), str(messages)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired as error:
            raise CountError(f"{path} was not done within 300 s") from error
        if done.returncode:
            raise CountError(f"{path} failed: {done.stderr.strip().splitlines()[-1]}")
        total = own_instructions(output.read_text().splitlines(), PROGRAM.name)
    if total == 0:
        raise CountError(f"nothing was counted for {path}: has `measured` another name?")
    return round(total / messages)


def own_instructions(lines: Iterable[str], program: str) -> int:
    """Return what callgrind's output says of the code in one file; not what that has called."""
    names: dict[str, str] = {}
    total, is_ours, is_call = 0, False, False
    for line in lines:
        key, is_pair, value = line.partition("=")
        if line.startswith(COST_LINES):
            if is_ours and not is_call:
                total += int(line.split()[1])
            is_call = False
        elif is_pair and key in ("ob", "cob"):
            # `(1) /path` the first time, `(1)` from then on.
            number, _, path = value.partition(" ")
            names.setdefault(number, path)
            if key == "ob":
                is_ours = Path(names[number]).name == program
        elif key == "calls":
            is_call = True
    return total


def by_size() -> Iterator[str]:
    """Give a table in Markdown: instructions for a message, and for each of its bytes."""
    yield "| message | receive | a byte | send | a byte |"
    yield "|---:|---:|---:|---:|---:|"
    for size in SIZES:
        messages = max(2, min(2000, 4 * 1024 * 1024 // size))
        both = [count(path, size, messages) for path in ("receive", "send")]
        cells = [f"{found:,} | {found / size:.2f}".replace(",", " ") for found in both]
        yield f"| {size} B | {' | '.join(cells)} |"


def _build() -> None:
    command = ["cargo", "build", "--release", "--quiet", "-p", "stagedoor-protocol"]
    done = subprocess.run([*command, "--example", PROGRAM.name], cwd=ROOT, check=False)
    if done.returncode:
        raise CountError("the program did not build")


def _compiler() -> str:
    command = ["rustc", "--version"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return " ".join(said.split()[:2])


def _known() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return known


if __name__ == "__main__":
    sys.exit(main())
