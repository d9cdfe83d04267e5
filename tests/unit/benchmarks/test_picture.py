"""The picture of what the benchmarks have found."""

from typing import Any
from xml.etree import ElementTree

from benchmarks.picture import PANELS, svg
from benchmarks.scenarios import SCENARIOS

SVG = "{http://www.w3.org/2000/svg}"


def cell(*rates: float, error: str | None = None) -> dict[str, Any]:
    samples = [{"messages_per_second": rate, "p50_us": 1000.0} for rate in rates]
    return {"samples": samples, "error": error, "lacks": None}


FOUND: dict[str, Any] = {
    "machine": {
        "cpu": "R&D <one>",
        "cores": 2,
        "python": "CPython 3.12",
        "date": "2026-01-02T03",
        "load": 0.1,
    },
    "scenarios": {
        "echo 64 B, 64 x 8": {
            "stagedoor": cell(100.0, 900.0, 400.0),
            "picows+uvloop": cell(100.0),
            "broken": cell(1.0, error="closed"),
            "wse-server": cell(),
        }
    },
    "costs": {},
}


def test_a_bar_is_as_long_as_its_median_and_failures_have_none() -> None:
    root = ElementTree.fromstring(svg(FOUND))
    bars = [bar for bar in root.iter(f"{SVG}rect") if (bar.get("class") or "").startswith("bar")]
    ours, theirs = bars
    assert ours.get("class") == "bar ours"
    assert float(ours.get("width", "")) / float(theirs.get("width", "")) == 4.0
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"stagedoor", "400", "picows+uvloop", "100"} < set(texts)
    assert not {"broken", "wse-server"} & set(texts)


def test_nothing_lies_outside_and_the_machine_is_named() -> None:
    root = ElementTree.fromstring(svg(FOUND))
    height = float(root.get("height", ""))
    assert all(float(text.get("y", "")) < height for text in root.iter(f"{SVG}text"))
    *_, note = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert note == "R&D <one>, 2 cores, CPython 3.12, 2026-01-02; medians of the rounds"


def test_a_picture_of_a_busy_machine_says_so() -> None:
    busy = {**FOUND, "machine": {**FOUND["machine"], "load": 3.5}}
    assert "busy with other programs (load 3.5): do not trust the figures" in svg(busy)


def test_panels_are_of_rows_that_there_are() -> None:
    every: dict[str, Any] = {
        "scenarios": {scenario.name: {"stagedoor": cell(1.0)} for scenario in SCENARIOS},
        "costs": {"resident, for each of 10 000 idle connections": {"stagedoor": [1.0]}},
    }
    assert all(panel.rows(every) for panel in PANELS)
