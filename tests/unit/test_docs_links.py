"""What the documentation names is there: links, headings, files and folders."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"]
# Pages that say where things are: what stands there in backticks, and is a path, must exist.
MAPS = [
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs" / "architecture.md",
    ROOT / "docs" / "performance.md",
    *(ROOT / "docs" / "decisions").glob("*.md"),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(r"`([\w.]+(?:/[\w.]+)*/?)`")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Where the paths on the pages begin, besides the root of the repository.
BEGINNINGS = ("", "crates/server/src/", "python/stagedoor/", "python/stagedoor/live/")
ENDINGS = (".rs", ".py", ".pyi", ".json", "/")


def prose(page: Path) -> str:
    return CODE_BLOCK.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """Of each heading, as GitHub makes them."""
    words = (re.sub(r"[^\w\- ]", "", heading).lower() for heading in HEADING.findall(prose(page)))
    return {text.replace(" ", "-") for text in words}


def broken_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(prose(page)):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@functools.cache
def names_in_the_tree() -> set[str]:
    """Of each file and folder where our sources are."""
    folders = ("crates", "python", "tests", "docs")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*")]
    return {file.name for file in [*files, *(ROOT / "benchmarks").iterdir()]}


def missing_paths(text: str) -> Iterator[str]:
    """A path with a folder is meant from one of the beginnings; a bare file may be anywhere."""
    for path in PATH.findall(text):
        if not path.endswith(ENDINGS):
            continue
        is_there = any((ROOT / beginning / path).exists() for beginning in BEGINNINGS)
        is_there = is_there or path.rstrip("/") in names_in_the_tree()
        if not is_there:
            yield path


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("page", MAPS, ids=name_of)
def test_paths_lead_to_a_file_or_folder(page: Path) -> None:
    assert list(missing_paths(prose(page))) == []


def test_every_page_of_decisions_is_in_their_index() -> None:
    folder = ROOT / "docs" / "decisions"
    linked = set(LINK.findall((folder / "README.md").read_text()))
    assert {page.name for page in folder.glob("*.md")} - {"README.md"} <= linked


def test_this_test_sees_what_is_not_there(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A, b\n[1](#a-b) [2](#c) [3](page.md#a-b) [4](gone.md)\n")
    assert list(broken_links(page)) == ["#c", "gone.md"]
    text = "`limits.py` `wire/jsonrpc.py` `crates/rpc/` `gone.rs` `wire/gone.py` `a.b` `a/b`"
    assert list(missing_paths(text)) == ["gone.rs", "wire/gone.py"]
