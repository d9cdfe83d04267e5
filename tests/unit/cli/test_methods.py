"""`stagedoor methods`, against a real server."""

import copy
import json
from collections.abc import Iterator

import pytest

from stagedoor.cli import main
from stagedoor.cli.methods import explain, show_list, show_topics
from stagedoor.client.core.methods import parse_discovery

from ..fake_game import FakeGame, running
from ..fake_stage import DOCUMENT, FakeStage


@pytest.fixture
def game() -> Iterator[FakeGame]:
    with running(FakeStage()) as game:
        yield game


def test_as_json_it_is_the_document_or_the_part_of_it(
    game: FakeGame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["methods", "--to", game.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == DOCUMENT
    assert main(["methods", "spawn", "--to", game.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == DOCUMENT["methods"][0]
    assert main(["methods", "player", "--to", game.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [DOCUMENT["methods"][1]]


def test_piped_each_method_is_a_line_and_the_games_own_come_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["x-built-in"] = {"methods": ["spawn"], "topics": []}
    stage = FakeStage()
    stage.methods["rpc.discover"] = lambda: document
    with running(stage) as game:
        assert main(["methods", "--to", game.url]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert main(["methods", "player", "--to", game.url]) == 0
    assert len(lines) == len(document["methods"])
    assert lines[-1].startswith("spawn(")
    assert capsys.readouterr().out == "player.heal(amount: float) -> None\n"


def test_an_unknown_name_is_exit_code_1_with_a_hint(
    game: FakeGame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["methods", "spwan", "--to", game.url]) == 1
    assert capsys.readouterr().err == ("stagedoor: there is no method spwan; did you mean spawn?\n")


def test_a_person_gets_signatures_roles_and_summaries(capsys: pytest.CaptureFixture[str]) -> None:
    methods = parse_discovery(DOCUMENT)
    show_list(list(methods.values()))
    show_topics(methods)
    text = " ".join(capsys.readouterr().out.split())
    for expected in ("player.heal(amount: float) -> None", "operator", "Build a level.", "TOPIC",
                     "How many rocks there are."):  # fmt: skip
        assert expected in text


def test_a_method_is_explained_with_the_types_that_it_mentions() -> None:
    methods = parse_discovery(DOCUMENT)
    text = "\n".join(explain(methods["spawn"], methods))
    for expected in ("They come from the edge.", "role: operator, kind: plain, timeout: 5 s",
                     "at: Point, optional", "kind: Literal", "returns int", "Point:",
                     '"required": ['):  # fmt: skip
        assert expected in text
    assert "Point" not in "\n".join(explain(methods["player.heal"], methods))


def test_names_and_texts_of_a_game_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[2J\u202e\x9b31m[red]"
    document = copy.deepcopy(DOCUMENT)
    document["methods"][0] |= {"name": evil, "summary": evil, "description": evil}
    document["methods"][0]["params"][0] |= {"name": evil, "description": evil}
    document["x-topics"][0] = {"name": evil, "description": evil, "role": evil}
    stage = FakeStage()
    stage.methods["rpc.discover"] = lambda: document
    methods = parse_discovery(document)
    show_list(list(methods.values()))
    show_topics(methods)
    with running(stage) as game:
        assert main(["methods", evil, "--to", game.url]) == 0
        assert main(["methods", "x" + evil, "--to", game.url]) == 1
    out, err = capsys.readouterr()
    assert not {"\x1b", "\u202e", "\x9b"} & set(out + err)
    assert r"\u001b[2J\u202e\u009b31m[red]" in out.replace("\n", "")
