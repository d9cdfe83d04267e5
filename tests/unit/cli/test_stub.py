"""`stagedoor stub`, and what mypy says of the stub."""

import ast
import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stagedoor.cli import main
from stagedoor.cli.stub_text import stub_text
from stagedoor.client.core.methods import parse_discovery

from ..fake_game import running
from ..fake_stage import DOCUMENT, FakeStage

USE = """
from typing import cast
import stagedoor
from game_api import Asteroids, Point

game = cast(Asteroids, stagedoor.connect())
place: Point = {"x": 1.0, "y": 2.0}
reveal_type(game.spawn("big", place, 3) + game.spawn(kind="big", count=3))
game.spawn("big", count=3)
reveal_type(game.build(steps=3))
game.player.heal(5)
game.call("anything")
game.subscribe("rocks")
game.spwan("big")
game.spawn("huge")
game.player.heal()
"""


def check(folder: Path, **files: str) -> str:
    """What mypy --strict says."""
    for name, text in files.items():
        (folder / name.replace("_pyi", ".pyi").replace("_py", ".py")).write_text(text)
    cache = folder.parent / "mypy-cache"
    done = subprocess.run(  # in here mypy would raise the recursion limit of the other tests
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}",
         "--python-version=3.11", "--no-error-summary", str(folder)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(autouse=True)
def _search_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import stagedoor

    source = Path(stagedoor.__file__).parents[1]
    monkeypatch.setenv("MYPYPATH", f"{source}:{tmp_path / 'project'}")
    (tmp_path / "project").mkdir()


def test_the_stub_passes_mypy_strict_and_finds_wrong_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(FakeStage()) as game:
        assert main(["stub", "--to", game.url]) == 0
    said = check(tmp_path / "project", game_api_pyi=capsys.readouterr().out, use_py=USE)
    lines = [line.partition(":")[2] for line in said.splitlines()]
    errors = [line for line in lines if " error: " in line]
    assert len(errors) == 4, said
    assert '8: note: Revealed type is "int"' in lines[0]
    assert "9: error: No overload variant" in errors[0]
    assert '10: note: Revealed type is "list[int]"' in said
    assert '"Asteroids" has no attribute "spwan"' in errors[1]
    assert "No overload variant" in errors[2]
    assert 'Missing positional argument "amount"' in errors[3]


def test_the_stub_of_the_asyncio_client_has_coroutines(tmp_path: Path) -> None:
    text = stub_text(parse_discovery(DOCUMENT), "Game", is_async=True)
    use = """
from game_api import Game
async def use(game: Game) -> int:
    await game.player.heal(amount=5)
    async with game:
        return await game.spawn("big")
"""
    assert check(tmp_path / "project", game_api_pyi=text, use_py=use) == ""


def evil_document() -> dict[str, Any]:
    """A game whose names are chosen to break things."""
    document = copy.deepcopy(DOCUMENT)
    document["info"]["title"] = 'class"\n import os'
    names = ["close", "call", "player", "topic.list", "topic.set", "a.list", "a.int", "a", "import",
             "x; import os", "class.x", "__init__", "_private", "naïve", "é.b", "Any", "Literal",
             "Point", "a..b", "", "\x1b[2J", "property", "with_timeout", "x" * 500]  # fmt: skip
    result = {"name": "r", "schema": {"type": "array", "items": {"type": "integer"}}}
    params = [
        {"name": "self", "schema": {"$ref": "#/components/schemas/Bad name"}},
        {"name": "late", "schema": {"enum": ['a"]\nimport os', "'"]}, "required": True},
    ]
    document["methods"] += [
        {"name": name, "params": params, "result": result, "description": '"""\nimport os\\'}
        for name in names
    ]
    document["methods"].append(
        {"name": "odd.params", "params": [{"name": "from"}, {"name": "a b"}]}
    )
    document["methods"].append(
        {
            "name": "odd.default",
            "params": [
                {"name": "text", "schema": {"type": "string", "default": '"\n'}},
                {"name": "list"},
            ],
        }
    )
    document["components"]["schemas"] |= {
        "Bad name": {"type": "object", "properties": {"a b": {}, "class": {"type": "string"}}},
        "Bad_name": {"enum": ["x"]}, "int": {"type": "integer"}, "Empty": {"properties": {}},
        "1": {"$ref": "#/components/schemas/Empty"}, "Any": True, "_Topic": {"type": "null"},
        "Loop": {"type": "array", "items": {"$ref": "#/components/schemas/Loop"}},
        "Node": {"properties": {"next": {"$ref": "#/components/schemas/Node"}}, "required": 7,
                 "description": 'ends in a quote"'},
    }  # fmt: skip
    return document


@pytest.mark.slow
@pytest.mark.parametrize("is_async", [False, True])
def test_whatever_a_game_calls_its_things_the_stub_is_sound(tmp_path: Path, is_async: bool) -> None:
    text = stub_text(parse_discovery(evil_document()), is_async=is_async)
    assert text.isprintable() or all(line.isprintable() for line in text.splitlines())
    assert check(tmp_path / "project", game_api_pyi=text) == ""
    tree = ast.parse(text)
    imported = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for name in node.names]  # fmt: skip
    assert imported == ["builtins"]
    assert "# Only by call(): 'close'" in text
    assert "def list(" in text


def test_a_name_for_the_class_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stub", "--name", "a b", "--to", "ws://127.0.0.1:1/"]) == 2
    assert "a b is not a name for a class" in capsys.readouterr().err
