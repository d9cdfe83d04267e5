"""Figures in Git, which what was counted is compared with: instructions for a message.

A file has the figures of each kind of processor, and with which tools they were counted. With other
tools more is allowed, as compilers and interpreters differ.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from .environment import ROOT


class Committed(NamedTuple):
    """A file of figures."""

    path: Path
    margin: float
    """How much more than a figure is allowed, as a share of it."""
    margin_of_other_tools: float
    """The same, if the figures were counted with other tools."""
    wider: Mapping[str, float] = MappingProxyType({})
    """The margins of figures that vary more."""

    def write(self, found: dict[str, int], tools: str) -> None:
        known = self._read() | {platform.machine(): {"tools": tools, "for a message": found}}
        self.path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
        print(f"wrote {self.path.relative_to(ROOT)}")

    def compare(self, found: dict[str, int], tools: str) -> int:
        """Print what has changed, and return the exit code: 1 if something takes too many."""
        figures = self._read().get(platform.machine())
        if figures is None:
            print(f"{self.path.name} has no figures for {platform.machine()}; see --write")
            return 1 if os.environ.get("CI") else 0
        said = list(self.complaints(found, figures, tools))
        print(*said, sep="\n", end="\n" if said else "")
        return 1 if any(line.startswith("TOO MANY") for line in said) else 0

    def complaints(
        self, found: dict[str, int], figures: dict[str, Any], tools: str
    ) -> Iterator[str]:
        """Yield a line for each path that needs more than is allowed, or much less, and a line if
        the tools are others."""
        least = 0.0
        if figures["tools"] != tools:
            least = self.margin_of_other_tools
            yield (
                f"instructions: the figures are of {figures['tools']}, this is {tools}: "
                f"{least:.0%} more are allowed"
            )
        known: dict[str, int] = figures["for a message"]
        for name, now in found.items():
            margin = max(least, self.wider.get(name, self.margin))
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

    def _read(self) -> dict[str, Any]:
        known: dict[str, Any] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return known


def compiler() -> str:
    command = ["rustc", "--version"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return " ".join(said.split()[:2])
