"""What the packages export, and what is said of them in other places."""

import ast
import tomllib
from pathlib import Path

import pytest

import stagedoor
import stagedoor.client

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "stagedoor"
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_what_is_always_there_is_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in stagedoor.__all__:
        assert hasattr(stagedoor, name), name
    assert {"start", "__version__"} <= set(stagedoor.__all__)


def test_type_checkers_see_the_names_of_an_enabled_stagedoor() -> None:
    static: list[str] = []
    for node in ast.walk(ast.parse((PACKAGE / "__init__.py").read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            static = ast.literal_eval(node.value)
    assert static == sorted([*stagedoor._ALWAYS, *stagedoor._CLIENT, *stagedoor._LIVE])


def test_the_client_exports_what_it_has() -> None:
    for name in stagedoor.client.__all__:
        assert hasattr(stagedoor.client, name), name


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert stagedoor.__version__ == project == cargo


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("module", MODULES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_every_module_says_what_it_offers(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text()))
    assert docstring, f"{module} has no docstring"
