"""The committed expectation: the result of every case, as the suite should give it again."""

import json
import re
from pathlib import Path

from .suite import Result

HERE = Path("tests/conformance")
EXPECTED = HERE / "expected.json"
EXPLAINED = HERE / "explained.md"

PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}


def load() -> dict[str, Result]:
    """Return the committed results, none when there is no file yet."""
    results: dict[str, Result] = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    return results


def save(results: dict[str, Result]) -> None:
    """Commit to `results`, one line for each case."""
    lines = (f'  "{case}": {json.dumps(results[case])}' for case in sorted(results, key=_number))
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def failures(results: dict[str, Result]) -> list[str]:
    """Return the cases that no expectation may contain."""
    return [case for case in sorted(results, key=_number) if not _passed(results[case])]


def differences(expected: dict[str, Result], found: dict[str, Result]) -> dict[str, str]:
    """Say for each case that is not as expected what was expected and what was found."""
    races = _named("## A message right before a violation")
    return {
        case: f"expected {_text(expected.get(case))}, found {_text(found.get(case))}"
        for case in sorted(expected.keys() | found.keys(), key=_number)
        if _settled(case, expected, races) != _settled(case, found, races)
    }


def unexplained(results: dict[str, Result]) -> list[str]:
    """Return the cases that are not simply OK and that `explained.md` does not name."""
    named = _named("# ")
    odd = (case for case, result in results.items() if result["behavior"] != "OK")
    return sorted(set(odd) - named, key=_number)


def _settled(case: str, results: dict[str, Result], races: set[str]) -> Result | None:
    """Return a result, the same for OK and NON-STRICT where a race decides between them."""
    result = results.get(case)
    if result and case in races and result["behavior"] == "NON-STRICT":
        return Result(behavior="OK", behaviorClose=result["behaviorClose"])
    return result


def _named(heading: str) -> set[str]:
    """Return the cases in bold in `explained.md` from a heading to the next of its level."""
    level = heading.split()[0] + " "
    _, _, section = EXPLAINED.read_text().partition(heading)
    section, _, _ = section.partition(f"\n{level}")
    return set(re.findall(r"\*\*([0-9.]+)\*\*", section))


def _passed(result: Result) -> bool:
    return {result["behavior"], result["behaviorClose"]} <= PASSED


def _text(result: Result | None) -> str:
    if result is None:
        return "nothing"
    return f"{result['behavior']} and, at the close, {result['behaviorClose']}"


def _number(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]
