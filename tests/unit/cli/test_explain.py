"""What is said about an error that a game has answered with: `stagedoor call`, against a server."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stagedoor.cli import main
from stagedoor.wire.errors import HandlerError, InvalidParams, NotAuthenticated

from ..fake_game import FakeGame, running
from ..fake_stage import DOCUMENT, FakeStage

SPAWN = '    spawn(kind: Literal["big", "small"], at: Point = ..., count: int = 1) -> int'


class Stage(FakeStage):
    """Its `spawn` raises what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.methods["spawn"] = self.spawn

    def spawn(self, *_: object, **__: object) -> int:
        if self.error is not None:
            raise self.error
        return 7


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def game(stage: Stage) -> Iterator[FakeGame]:
    with running(stage) as game:
        yield game


@pytest.mark.parametrize(
    ("arguments", "path", "hints"),
    [
        (["kind=bgi"], "$.kind", ["    kind is one of big, small; did you mean big?", SPAWN]),
        (["bgi"], "$[0]", ["    kind is one of big, small; did you mean big?", SPAWN]),
        (["kind=huge"], "$.kind", ["    kind is one of big, small", SPAWN]),
        (["knd=big"], "$", ["    there is no param knd; did you mean kind?", SPAWN]),
        (["count=True"], "$.count", ["    JSON has true for True: count=true", SPAWN]),
        (['at={"x": 1}'], "$.at.y",
         ["    at has the fields x: float, y: float, label: str | None", SPAWN]),
        ([], "$", [SPAWN]),
        (["1", "2", "3", "4"], "$",
         ["    spawn takes 3 params, not 4; a text with spaces needs quotes", SPAWN]),
    ],
)  # fmt: skip
def test_a_wrong_param_shows_what_would_be_right(
    stage: Stage, game: FakeGame, capsys: pytest.CaptureFixture[str],
    arguments: list[str], path: str, hints: list[str],
) -> None:  # fmt: skip
    stage.error = InvalidParams("no", path)
    assert main(["call", "spawn", *arguments, "--to", game.url]) == 1
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("stagedoor: spawn: Invalid params")
    assert rest == hints


@pytest.mark.parametrize(
    ("schema", "typed", "cure"),
    [
        ({"type": "string"}, "a=3", """as a text: a='"3"'"""),
        ({"type": "string"}, "a=1.10", """as a text: a='"1.10"'"""),
        ({"type": "string"}, "a=true", """as a text: a='"true"'"""),
        ({"type": "string"}, "[1]", """as a text: '"[1]"'"""),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "a=3", """as a text: a='"3"'"""),
        ({"type": "string"}, 'a="3"', None),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "a=3", None),
        ({"type": "boolean"}, "a=yes", "write a=true or a=false"),
        ({"type": "boolean"}, "1", "write true or false"),
        ({"type": "boolean"}, "a=True", "JSON has true for True: a=true"),
        ({"type": "number"}, 'a="3"', "as a number: a=3"),
        ({"type": "integer"}, 'a="3.5"', None),
        ({"type": "array"}, "a=1,2", "a list is written as a='[1, 2]'"),
        ({}, "a=3", None), (True, "a=3", None), ({"type": [1]}, "a=3", None),
        ({"anyOf": [{"type": "string"}, 3]}, "a=3", None),
    ],
)  # fmt: skip
def test_a_value_of_another_type_shows_how_to_write_it(
    stage: Stage, game: FakeGame, capsys: pytest.CaptureFixture[str],
    schema: object, typed: str, cure: str | None,
) -> None:  # fmt: skip
    document = copy.deepcopy(DOCUMENT)
    [method] = [one for one in document["methods"] if one["name"] == "spawn"]
    method["params"] = [{"name": "a", "schema": schema}]
    stage.methods["rpc.discover"] = lambda: document
    stage.error = InvalidParams("no", "$.a" if "=" in typed else "$[0]")
    assert main(["call", "spawn", typed, "--to", game.url]) == 1
    _, *hints, signature = capsys.readouterr().err.splitlines()
    assert signature.startswith("    spawn(")
    assert hints == ([] if cure is None else ["    " + cure])


def test_who_is_not_authenticated_is_told_how_to_be(
    stage: Stage, game: FakeGame, capsys: pytest.CaptureFixture[str], games_folder: Path
) -> None:
    stage.error = NotAuthenticated()
    assert main(["call", "spawn", "--to", game.url]) == 1
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "stagedoor: spawn: Not authenticated (-32004)"
    assert "STAGEDOOR_TOKEN" in rest[0]
    assert str(games_folder.parent) in rest[1]


@pytest.mark.parametrize(
    ("name", "meant"), [("spwan", "spawn"), ("heal", "player.heal"), ("SPAWN", "spawn")]
)
def test_an_unknown_method_is_like_a_known_one(
    game: FakeGame, capsys: pytest.CaptureFixture[str], name: str, meant: str
) -> None:
    assert main(["call", name, "--to", game.url]) == 1
    assert capsys.readouterr().err == (
        f"stagedoor: {name}: Method not found: {name} (-32601); did you mean {meant}?\n"
    )


def test_an_admin_sees_the_games_traceback_and_nothing_of_it_moves_the_cursor(
    stage: Stage, game: FakeGame, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.error = HandlerError("ValueError", "no", "Traceback:\n  here \x1b[2J\nValueError: no\n")
    assert main(["call", "spawn", "--to", game.url]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Traceback:", r"  here \u001b[2J", "ValueError: no",
        "stagedoor: spawn: Handler error: ValueError: no (-32000)",
    ]  # fmt: skip


def test_unnamed_and_named_values_go_together(game: FakeGame) -> None:
    assert main(["call", "spawn", "big", "count=3", "--to", game.url]) == 0
    assert game.received[-1]["params"] == {"kind": "big", "count": 3}
    assert main(["call", "spawn", "big", "kind=small", "--to", game.url]) == 2
    assert main(["notify", "spawn", "small", "count=2", "--to", game.url]) == 0


@pytest.mark.parametrize("schemas", [{}, {"Point": {"$ref": "#/components/schemas/Point"}}, [1]])
def test_a_document_that_leads_nowhere_does_no_harm(
    stage: Stage, game: FakeGame, capsys: pytest.CaptureFixture[str], schemas: Any
) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["components"]["schemas"] = schemas
    stage.methods["rpc.discover"] = lambda: document
    stage.error = InvalidParams("no", "$.at")
    assert main(["call", "spawn", "at=1", "--to", game.url]) == 1
    assert "Traceback" not in capsys.readouterr().err
