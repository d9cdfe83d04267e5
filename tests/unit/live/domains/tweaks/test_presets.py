"""`Presets`: sets of values in one file that people read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from stagedoor.live.domains.tweaks.files import MAX_SIZE, Project, Refused
from stagedoor.live.domains.tweaks.presets import FILE, Presets


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path / FILE


@pytest.fixture
def presets(file: Path) -> Presets:
    return Presets(Project(lambda: str(file.parent / "game" / "main.py")))


def test_the_file_is_one_that_people_read_and_lies_beside_pyproject(
    presets: Presets, file: Path
) -> None:
    presets.put("easy", {"ship.thrust": 300.0, "lives": 9, "cheats": True, "title": "é"})
    assert file.read_text() == (
        "# Presets of the game's tweaks: see `stagedoor tweak --help`.\n\n"
        '[easy]\ncheats = true\nlives = 9\n"ship.thrust" = 300.0\ntitle = "é"\n'
    )


@pytest.mark.parametrize(
    "name",
    ["easy", "a b", "../../etc/passwd", "__proto__", "a.b", "q\"uo'te", "é", "[x]", "#", "0"],
)
def test_a_name_is_a_key_whatever_it_says(presets: Presets, file: Path, name: str) -> None:
    values: dict[str, Any] = {"x": 1, 'odd "key"\\ ]': "\x00\x1b\n\"'''\\ é", "y": -0.5}
    presets.put(name, values)
    presets.put("other", {"x": 2})
    assert presets.all() == {name: values, "other": {"x": 2}}
    assert sorted(one.name for one in file.parent.iterdir()) == ["pyproject.toml", FILE]
    presets.remove(name)
    assert presets.all() == {"other": {"x": 2}}


def test_what_people_wrote_stays(presets: Presets, file: Path) -> None:
    file.write_text(
        "# mine\ntitle = 5\n\n[easy]  # for children\nx = 1 # one\n\n[hard]\nx = 9 # nine\n"
    )
    presets.put("easy", {"x": 2})
    text = file.read_text()
    assert text.startswith("# mine\ntitle = 5\n\n[easy]  # for children\nx = 2 # one\n")
    assert "x = 9 # nine\n" in text
    assert presets.all() == {"easy": {"x": 2}, "hard": {"x": 9}}


def test_there_is_none_at_first(presets: Presets) -> None:
    assert presets.all() == {}
    for ask in (presets.get, presets.remove):
        with pytest.raises(Refused, match="has no preset 'easy'; it has none yet"):
            ask("easy")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[easy", "is not valid TOML"),
        (b"\xff\xfe", "is not valid TOML"),
        (b"x = " + b"[" * 5000 + b"]" * 5000, "is not valid TOML"),
        (b"x = " + b"9" * 5000, "is not valid TOML"),
        (b"#" * (MAX_SIZE + 1), "has more than 1,048,576 bytes"),
        (b"[easy]\n" + b"".join(b"x%d = 1\n" % at for at in range(1001)), "more than 1000 values"),
    ],
)
def test_a_file_that_is_none_is_refused_and_stays(
    presets: Presets, file: Path, content: bytes, why: str
) -> None:
    file.write_bytes(content)
    with pytest.raises(Refused, match=why):
        presets.get("easy")
    assert file.read_bytes() == content


def test_what_is_no_plain_file_is_neither_read_nor_written(presets: Presets, file: Path) -> None:
    secret = file.parent / "secret.toml"
    secret.write_text("[easy]\nx = 1\n")
    file.symlink_to(secret)
    for ask in (presets.all, lambda: presets.put("easy", {})):
        with pytest.raises(Refused, match="cannot be read"):
            ask()
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(Refused, match="no plain file"):
        presets.all()
    file.unlink()
    file.mkdir()
    with pytest.raises(Refused):
        presets.put("easy", {})
    assert secret.read_text() == "[easy]\nx = 1\n"


def test_a_folder_that_cannot_be_written_is_told(presets: Presets, file: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    file.parent.chmod(0o500)
    try:
        with pytest.raises(Refused, match="cannot be written"):
            presets.put("easy", {"x": 1})
    finally:
        file.parent.chmod(0o700)
