"""`stagedoor enable`, `disable` and `status`, and what they do to a pyproject.toml."""

import json
import os
import sys
from pathlib import Path

import pytest

from stagedoor import settings
from stagedoor.cli import main
from stagedoor.wire.games import Game

from ..fake_game import register

LAYOUT = """\
# the game
[project]
name   =  "asteroids"   # keep me

[tool.ruff]
line-length = 100

[tool.stagedoor]  # the door
enabled = false  # for now
port    = 9000

[tool.mypy]
strict = true
"""


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch, games_folder: Path) -> None:
    monkeypatch.delenv("STAGEDOOR", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def is_enabled(folder: Path) -> bool:
    return settings.project_says(str(folder / "pyproject.toml"), str(folder)).enabled


def test_only_the_value_changes(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(LAYOUT)
    assert main(["enable", str(project)]) == 0
    assert file.read_text() == LAYOUT.replace("enabled = false", "enabled = true")
    assert main(["disable", str(project)]) == 0
    assert file.read_text() == LAYOUT


@pytest.mark.parametrize(
    "text",
    [
        "", "# only a comment", "[project]\nname = 'x'\n", "[tool.ruff]\nx = 1\n",
        "[tool.ruff]\nx = 1\n[project]\nname='x'\n[tool.mypy]\ny = 2\n",
        "tool.ruff.x = 1\n", "tool.stagedoor.enabled = false\n", "[tool.stagedoor]\nport = 1\n",
        "[tool.a]\n[tool.stagedoor]\nenabled = false\n[project]\nname='x'\n[tool.b]\ny = 2\n",
        "[tool]\nstagedoor = {enabled = false, port = 1}\n", "[tool]\nstagedoor.enabled = false\n",
        '[tool.stagedoor]\nenabled = "yes"\n', "[tool]\nx = 1\n",
    ],
)  # fmt: skip
def test_any_layout_can_be_enabled_and_keeps_what_else_it_says(project: Path, text: str) -> None:
    import tomllib

    file = project / "pyproject.toml"
    file.write_text(text)
    before = tomllib.loads(text)
    assert main(["enable", str(project)]) == 0
    assert is_enabled(project)
    after = tomllib.loads(file.read_text())
    assert after["tool"]["stagedoor"].pop("enabled") is True
    before.get("tool", {}).get("stagedoor", {}).pop("enabled", None)
    before.setdefault("tool", {}).setdefault("stagedoor", {})
    assert after == before
    assert main(["disable", str(project)]) == 0
    assert not is_enabled(project)


def test_lines_that_end_in_crlf_go_on_doing_so(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_bytes(b'[project]\r\nname = "x"\r\n')
    assert main(["enable", str(project)]) == 0
    assert file.read_bytes() == (
        b'[project]\r\nname = "x"\r\n\r\n[tool.stagedoor]\r\nenabled = true\r\n'
    )


def test_a_layout_that_cannot_be_changed_is_left_alone(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "pyproject.toml"
    file.write_text("tool = {ruff = {x = 1}}\n")
    assert main(["enable", str(project)]) == 1
    assert file.read_text() == "tool = {ruff = {x = 1}}\n"
    assert "by hand" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[tool.stagedoor\n", "[tool]\nstagedoor = 1\n"])
def test_a_broken_file_is_left_alone(
    project: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "pyproject.toml"
    file.write_text(text)
    for verb in ("enable", "disable"):
        assert main([verb, str(project)]) == 1
        assert "fix that first" in capsys.readouterr().err
    assert file.read_text() == text


def test_where_there_is_no_file_enable_makes_one_and_says_so(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enable", str(project)]) == 0
    file = project / "pyproject.toml"
    assert file.read_text() == "[tool.stagedoor]\nenabled = true\n"
    assert f"made {file}" in capsys.readouterr().out


def test_where_there_is_no_file_disable_has_nothing_to_do(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["disable", str(project)]) == 0
    assert not (project / "pyproject.toml").exists()
    assert "disabled already" in capsys.readouterr().out


def test_the_nearest_file_upward_from_the_path_or_the_working_directory_is_meant(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").write_text("")
    (project / "src").mkdir()
    (project / "src" / "game.py").write_text("")
    assert main(["enable", str(project / "src" / "game.py")]) == 0
    assert is_enabled(project)
    monkeypatch.chdir(project / "src")
    assert main(["disable"]) == 0
    assert not is_enabled(project)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and links")
def test_a_files_mode_and_the_link_to_it_stay(project: Path) -> None:
    real = project / "real.toml"
    real.write_text("")
    real.chmod(0o640)
    (project / "pyproject.toml").symlink_to(real)
    assert main(["enable", str(project)]) == 0
    assert (project / "pyproject.toml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert is_enabled(project)
    assert sorted(path.name for path in project.iterdir()) == ["pyproject.toml", "real.toml"]


def test_a_variable_that_wins_over_the_file_is_mentioned(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAGEDOOR", "0")
    assert main(["enable", str(project)]) == 0
    assert "STAGEDOOR is '0', which overrides" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["enable = true\n", "enabled = true\nport = 1\n"])
def test_keys_that_mean_nothing_are_mentioned(
    project: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / "pyproject.toml"
    key = text.splitlines()[-1].partition(" ")[0]
    for verb in ("status", "enable", "disable"):
        file.write_text("[tool.stagedoor]\n" + text)
        assert main([verb, str(project)]) == 0
        out, err = capsys.readouterr()
        assert f"note: {file} has `{key}` in [tool.stagedoor]; only `enabled` is read" in err
        if verb == "status":
            assert json.loads(out)["enabled"] is text.startswith("enabled")


def test_a_path_that_is_not_there_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("enable", "disable", "status"):
        assert main([verb, "/nowhere/at/all"]) == 2
        assert capsys.readouterr().err == "stagedoor: /nowhere/at/all: no such file or folder\n"


def test_status_says_whether_and_who_says_so_and_what_runs(
    project: Path,
    games_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    register(games_folder, Game("pong", os.getpid(), "127.0.0.1", 8787, "ws://127.0.0.1/", 1.0))
    file = project / "pyproject.toml"
    file.write_text("[tool.stagedoor]\nenabled = true\n")
    assert main(["status", str(project)]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["enabled"] is True
    assert status["why"] == f"{file} says enabled = true"
    assert status["pyproject"] == str(file)
    assert [game["name"] for game in status["games"]] == ["pong"]
    monkeypatch.setenv("STAGEDOOR", "off")
    assert main(["status", "--json", str(project)]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["enabled"] is False
    assert "STAGEDOOR" in status["why"]
