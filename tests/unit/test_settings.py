"""Who decides whether stagedoor is enabled: `stagedoor.settings`."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import types
import zipapp
from pathlib import Path

import pytest

from stagedoor import settings

ENABLED = "[tool.stagedoor]\nenabled = true\n"
ASK = "from stagedoor import settings; print(*settings.decide()[:2])\n"


def run(*arguments: str, cwd: Path, stdin: str = "", **environ: str) -> str:
    """What a new interpreter prints; with `ASK` in it, the decision there."""
    source = str(Path(settings.__file__).parents[1])
    inherited = {name: value for name, value in os.environ.items() if name != "STAGEDOOR"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=inherited | {"PYTHONPATH": source} | environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that enables stagedoor, with a game in a folder of its own."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(ENABLED)
    (folder / "src" / "game.py").write_text(ASK)
    return folder


@pytest.mark.parametrize("value", ["1", "true", "True", "YES", "on", "On ", " 1"])
def test_the_environment_enables(value: str) -> None:
    said = settings.environment_says({"STAGEDOOR": value})
    assert said is not None
    assert said.enabled
    assert not said.problem
    assert "STAGEDOOR" in said.why


@pytest.mark.parametrize("value", ["0", "false", "False", "NO", "off"])
def test_the_environment_disables(value: str) -> None:
    said = settings.environment_says({"STAGEDOOR": value})
    assert said is not None
    assert not said.enabled
    assert not said.problem


@pytest.mark.parametrize("value", ["", "2", "enabled", "y", "None", "1;rm", "x" * 10_000])
def test_any_other_value_of_the_variable_disables_and_says_what_is_expected(value: str) -> None:
    said = settings.environment_says({"STAGEDOOR": value})
    assert said is not None
    assert not said.enabled
    assert said.problem
    assert "STAGEDOOR" in said.why
    assert "1, true, yes, on, or 0, false, no, off" in said.why
    assert len(said.why) < 250


def test_the_environment_says_nothing_when_the_variable_is_not_set() -> None:
    assert settings.environment_says({"PATH": "x"}) is None


@pytest.mark.parametrize(
    ("text", "enabled", "problem", "why"),
    [
        (ENABLED, True, False, "says enabled = true"),
        ("[tool.stagedoor]\nenabled = false\n", False, False, "says enabled = false"),
        ("tool.stagedoor.enabled = true", True, False, "says enabled = true"),
        ("[tool.other]\nx = 1\n", False, False, "has no [tool.stagedoor]"),
        ("", False, False, "has no [tool.stagedoor]"),
        ("[tool.stagedoor]\nport = 9000\n", False, False, "has no `enabled`"),
        ("[tool.stagedoor]\nenable = true\n", False, True, "but `enable`, of which nothing"),
        ("[tool.stagedoor]\nEnabled = true\nx = 1\n", False, True, "but `Enabled`, `x`, of"),
        ('[tool.stagedoor]\nenabled = "true"\n', False, True, "expected true or false"),
        ("[tool.stagedoor]\nenabled = 1\n", False, True, "expected true or false"),
        ("[tool]\nstagedoor = true\n", False, True, "expected a table"),
        ("tool = 3\n", False, True, "expected a table"),
        ("[tool.stagedoor\n", False, True, "is not valid TOML"),
        ("x = " + "[" * 100_000, False, True, "is not valid TOML"),
        (b"# \xff\n" + ENABLED.encode(), False, True, "is not valid TOML"),
    ],
)
def test_what_a_project_says(
    tmp_path: Path, text: str | bytes, enabled: bool, problem: bool, why: str
) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = settings.project_says(str(file), str(tmp_path))
    assert (said.enabled, said.problem) == (enabled, problem)
    assert why in said.why
    assert str(file) in said.why
    assert "\n" not in said.why


def test_a_project_file_that_cannot_be_opened_disables(tmp_path: Path) -> None:
    said = settings.project_says(str(tmp_path / "gone" / "pyproject.toml"), str(tmp_path))
    assert not said.enabled
    assert said.problem
    assert "cannot be read" in said.why


def test_the_nearest_pyproject_wins_even_if_it_says_nothing(project: Path) -> None:
    (project / "src" / "pyproject.toml").write_text("[project]\nname = 'inner'\n")
    found = settings.find_pyproject(str(project / "src" / "game.py"))
    assert found == str(project / "src" / "pyproject.toml")


def test_a_folder_called_pyproject_toml_is_passed_over(project: Path) -> None:
    (project / "src" / "pyproject.toml").mkdir()
    found = settings.find_pyproject(str(project / "src"))
    assert found == str(project / "pyproject.toml")


def test_a_script_is_enabled_by_its_project_and_not_by_the_working_directory(
    project: Path, tmp_path: Path
) -> None:
    assert run("project/src/game.py", cwd=tmp_path).startswith("True")
    elsewhere = tmp_path / "other.py"
    elsewhere.write_text(ASK)
    assert run(str(elsewhere), cwd=project).startswith("False")


def test_the_environment_wins_over_the_project(project: Path) -> None:
    assert run("src/game.py", cwd=project, STAGEDOOR="0").startswith("False")
    (project / "pyproject.toml").write_text("")
    assert run("src/game.py", cwd=project, STAGEDOOR="1").startswith("True")


def test_a_linked_script_belongs_to_the_project_it_links_to(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "game"
    link.symlink_to(project / "src" / "game.py")
    assert run(str(link), cwd=tmp_path).startswith("True")


def test_a_package_run_with_m_asks_its_own_project_already_while_it_is_imported(
    project: Path, tmp_path: Path
) -> None:
    package = project / "src" / "asteroids"
    package.mkdir()
    (package / "__init__.py").write_text(ASK)
    (package / "__main__.py").write_text(ASK)
    path = os.pathsep.join([str(Path(settings.__file__).parents[1]), str(project / "src")])
    lines = run("-m", "asteroids", cwd=tmp_path, PYTHONPATH=path).splitlines()
    assert [line.split()[0] for line in lines] == ["True", "True"]


def test_a_zipapp_asks_the_project_it_lies_in(project: Path, tmp_path: Path) -> None:
    source = tmp_path / "zipped"
    source.mkdir()
    (source / "__main__.py").write_text(ASK)
    zipapp.create_archive(source, project / "game.pyz")
    assert run(str(project / "game.pyz"), cwd=tmp_path).startswith("True")
    zipapp.create_archive(source, tmp_path / "game.pyz")
    assert run(str(tmp_path / "game.pyz"), cwd=project).startswith("False")


def test_without_a_file_of_its_own_a_program_is_disabled_wherever_it_runs(project: Path) -> None:
    assert run("-c", ASK, cwd=project).startswith("False STAGEDOOR is not set")
    assert run("-", cwd=project, stdin=ASK).startswith("False STAGEDOOR is not set")
    assert run("-i", cwd=project, stdin=ASK).startswith("False STAGEDOOR is not set")
    assert run("-c", ASK, cwd=project, STAGEDOOR="1").startswith("True")


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
@pytest.mark.parametrize("as_module", [False, True])
def test_a_child_of_multiprocessing_decides_like_its_parent(
    project: Path, tmp_path: Path, method: str, as_module: bool
) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    package = project / "src" / "asteroids"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "child.py").write_text(f"def run():\n    {ASK}")
    (package / "__main__.py").write_text(
        textwrap.dedent(f"""
        import multiprocessing
        from asteroids.child import run
        if __name__ == "__main__":
            process = multiprocessing.get_context({method!r}).Process(target=run)
            process.start()
            process.join()
        """)
    )
    path = os.pathsep.join([str(Path(settings.__file__).parents[1]), str(project / "src")])
    program = ["-m", "asteroids"] if as_module else [str(package / "__main__.py")]
    assert run(*program, cwd=tmp_path, PYTHONPATH=path).startswith("True")


@pytest.mark.parametrize(
    "freeze",
    ["sys.frozen = True", "sys._MEIPASS = '/x'", "import __main__; __main__.__compiled__ = 1"],
)
def test_a_frozen_build_is_disabled_whatever_says_otherwise(project: Path, freeze: str) -> None:
    (project / "src" / "game.py").write_text(f"import sys; {freeze}\n{ASK}")
    assert run("src/game.py", cwd=project, STAGEDOOR="1").startswith("False this is a build frozen")


def test_a_frozen_build_with_the_marker_is_decided_like_any_other(project: Path) -> None:
    (project / "src" / "game.py").write_text(f"import sys; sys.frozen = True\n{ASK}")
    (project / "src" / f"{settings.KEPT_MARKER}.py").write_text("")
    assert run("src/game.py", cwd=project, STAGEDOOR="1").startswith("True")
    assert run("src/game.py", cwd=project, STAGEDOOR="0").startswith("False the environment")


def test_an_embedded_interpreter_without_main_or_argv_is_disabled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STAGEDOOR", raising=False)
    for name in ("__main__", "__mp_main__"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setattr(sys, "argv", [])
    assert settings.program_file() is None
    assert not settings.decide().enabled
