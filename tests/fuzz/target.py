"""`Target`: a contract for any input, a generator of inputs, and a corpus that is kept.

The corpus of a target is the folder `corpus/<target>`; every run begins with it. An input that
breaks the contract is made small and written to a file, to be put into the corpus, under a name
that says what it shows, with what mends it. Two targets are written in Rust and have their corpora
here too: crates/protocol/tests/fuzz.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "corpus"
FAILURES: Final = Path(__file__).parents[2] / "build" / "fuzz"

MAX_SHRINKING: Final = 2000
"""Inputs that are tried to make one smaller."""

Check = Callable[[bytes], object]
Make = Callable[[random.Random], bytes]
"""Makes an input from chance."""

_PIECES: Final = [b'"', b"\\", b"[", b"]", b"{", b"}", b",", b":", b"\0", b"\xff", b"\r\n", b"="]


class Target:
    """One target, its corpus read. `where` is what is tested, if not all of it is one thing."""

    def __init__(self, name: str, where: str = "") -> None:
        self.name = name
        self.where = where
        self.corpus = {path.name: path.read_bytes() for path in sorted((FOLDER / name).iterdir())}

    def run(self, make: Make, check: Check, count: int) -> None:
        """Check what is kept, and then so many inputs, always the same ones; or others, for
        `FUZZ_SECONDS`. Two of three are made, the others are kept ones with changes. Raises: what
        `check` does for an input."""
        for name, data in self.corpus.items():
            try:
                check(data)
            except Exception as error:
                error.add_note(f"the input is the kept one {self.name}/{name}")
                raise
        seconds = os.environ.get("FUZZ_SECONDS")
        deadline = time.monotonic() + float(seconds or 0)
        chance = random.Random(None if seconds else self.name)
        kept = list(self.corpus.values())
        done = 0
        while done < count or time.monotonic() < deadline:
            data = make(chance) if chance.random() < 2 / 3 else mutated(chance, kept)
            try:
                check(data)
            except Exception as error:
                self._failed(data, error, check)
            done += 1
        print(f"fuzz {self.name}{self.where}: {done} inputs, and {len(kept)} that are kept")

    def _failed(self, data: bytes, error: Exception, check: Check) -> None:
        file = FAILURES / self.name
        FAILURES.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        data = shrunk(data, type(error), check)
        file.write_bytes(data)
        text = f"the input is in {file}: {data[:2000]!r}"
        try:
            check(data)
        except Exception as smallest:
            smallest.add_note(text)
            raise
        error.add_note(text)  # it fails now and then
        raise error


def mutated(chance: random.Random, kept: list[bytes]) -> bytes:
    """A kept input with some changes."""
    data = chance.choice(kept)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data) + 1)
        count = chance.choice([0, 0, 1, 1, 2, 8, 40])
        part = data[at : at + count]
        replacement = chance.choice(
            [b"", chance.randbytes(chance.randrange(4)), chance.choice(_PIECES), part * 3]
        )
        if chance.random() < 0.05:  # goes on as another one does
            other = chance.choice(kept)
            data = data[:at] + other[chance.randrange(len(other) + 1) :]
        else:
            data = data[:at] + replacement + data[at + count :]
    return data


def shrunk(data: bytes, kind: type[Exception], check: Check) -> bytes:
    """The smallest input that still fails in the same way, as far as leaving parts out leads."""
    tries = 0
    size = len(data)
    while size := size // 2:
        at = 0
        while at < len(data) and tries < MAX_SHRINKING:
            tries += 1
            smaller = data[:at] + data[at + size :]
            try:
                check(smaller)
            except kind:
                data = smaller
            except Exception:
                at += size
            else:
                at += size
    return data
