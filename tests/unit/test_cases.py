"""cases.md says of each case that must hold which tests hold it: the tests are there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases.md"
INTEGRATION = "tests/integration/"


def cases() -> dict[str, list[str]]:
    """Each row of the tables, with its tests."""
    rows: dict[str, list[str]] = {}
    for line in CASES.read_text().splitlines():
        case, *rest = (cell.strip() for cell in line.strip("|").split(" | "))
        if line.startswith("| ") and case != "case":
            assert case not in rows, f"{case} is there twice"
            rows[case] = re.findall("`([^`]+)`", " | ".join(rest))
    return rows


def test_each_case_has_a_test() -> None:
    found = cases()
    assert len(found) > 90
    assert [case for case, tests in found.items() if not tests] == []


def test_the_tests_are_there() -> None:
    named = {test for tests in cases().values() for test in tests}
    rust = {test for test in named if test.startswith("crates/")}
    missing = [test for test in rust if not is_in_rust(test)]
    files = {path(test).partition("::")[0] for test in named - rust}
    collected = "\n".join(collect(sorted(files)))
    missing += [
        test
        for test in named - rust
        if not re.search(f"^{pattern(path(test))}$", collected, re.MULTILINE)
    ]
    assert missing == []


def path(test: str) -> str:
    """Most are integration tests, and named from their folder on."""
    return test if test.startswith("tests/") else INTEGRATION + test


def is_in_rust(test: str) -> bool:
    file, _, name = test.partition("::")
    return f"fn {name}(" in (ROOT / file).read_text()


def pattern(test: str) -> str:
    """Of the ids of a test as pytest prints them."""
    name, bracket, parameters = test.partition("[")
    if not bracket:
        return rf"{re.escape(name)}(\[.*\])?"
    parts = (re.escape(part) for part in parameters.removesuffix("]").split("*"))
    return rf"{re.escape(name)}\[{'.*'.join(parts)}\]"


def collect(files: list[str]) -> list[str]:
    """The ids of the tests in these files."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *files]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout.splitlines()
