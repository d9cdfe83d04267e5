"""Figures in Git, and what is said of those that were counted."""

from pathlib import Path

import pytest
from benchmarks.committed import Committed

FIGURES = Committed(Path("figures.json"), margin=0.05, margin_of_other_tools=0.25)


@pytest.mark.parametrize(
    ("now", "tools", "expected"),
    [
        (1000, "rustc 1", []),
        (1050, "rustc 1", []),
        (1051, "rustc 1", ["TOO MANY instructions, a"]),
        (900, "rustc 1", ["instructions, a: 900 for a message, -10.0%: keep it"]),
        (1250, "rustc 2", ["instructions: the figures are of"]),
        (1500, "rustc 2", ["instructions: the figures are of", "TOO MANY instructions, a"]),
    ],
)
def test_more_than_the_margin_is_too_many(now: int, tools: str, expected: list[str]) -> None:
    figures = {"tools": "rustc 1", "for a message": {"a": 1000}}
    said = list(FIGURES.complaints({"a": now}, figures, tools))
    assert len(said) == len(expected)
    assert all(line.startswith(start) for line, start in zip(said, expected, strict=True))


def test_a_figure_that_varies_has_a_margin_of_its_own() -> None:
    committed = FIGURES._replace(wider={"b": 0.2})
    figures = {"tools": "r", "for a message": {"a": 1000, "b": 1000}}
    said = list(committed.complaints({"a": 1100, "b": 1100}, figures, "r"))
    assert [line.partition(":")[0] for line in said] == ["TOO MANY instructions, a"]
    assert list(committed.complaints({"b": 1201}, figures, "r"))


def test_a_path_without_a_figure_is_too_many() -> None:
    said = list(FIGURES.complaints({"new": 1}, {"tools": "r", "for a message": {}}, "r"))
    assert said == ["TOO MANY instructions, new: 1, and no figure; see --write"]


def test_what_is_written_is_compared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.committed.ROOT", tmp_path)
    figures = FIGURES._replace(path=tmp_path / "figures.json")
    monkeypatch.setenv("CI", "true")
    assert figures.compare({"a": 1000}, "rustc 1") == 1  # there are none
    monkeypatch.delenv("CI")
    assert figures.compare({"a": 1000}, "rustc 1") == 0
    figures.write({"a": 1000}, "rustc 1")
    capsys.readouterr()
    assert figures.compare({"a": 1000}, "rustc 1") == 0
    assert capsys.readouterr().out == ""
    assert figures.compare({"a": 1100}, "rustc 1") == 1
