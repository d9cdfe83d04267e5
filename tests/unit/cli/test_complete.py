"""What could come next in the shell: `stagedoor.cli.complete`."""

import copy

import pytest

from stagedoor.cli.complete import complete
from stagedoor.client.core.methods import parse_discovery

from ..fake_stage import DOCUMENT

METHODS = parse_discovery(DOCUMENT)
WORDS = ("exit", "help", "watch")


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("", ["build", "exit", "help", "player.heal", "spawn", "watch"]),
        ("sp", ["spawn"]), ("spawn", []), ("player.", ["player.heal"]),
        ("spawn ", ["at=", "count=", "kind="]), ("spawn kind=big c", ["count="]),
        ("spawn kind=", ["kind=big", "kind=small"]), ("spawn kind=s", ["kind=small"]),
        ("spawn at=", []), ("spawn kind=big at=1 count=2 ", []),
        ("call ", ["build", "player.heal", "spawn"]), ("notify sp", ["spawn"]),
        ("help pl", ["player.heal"]), ("watch ", ["rocks"]), ("watch r", ["rocks"]),
        ("unknown ", []), ("call spawn c", ["count="]),
    ],
)  # fmt: skip
def test_the_last_word_is_completed(line: str, texts: list[str]) -> None:
    assert [one.text for one in complete(line, METHODS, WORDS)] == texts


def test_a_completion_says_what_it_replaces_and_means() -> None:
    [one] = complete("spawn co", METHODS, WORDS)
    assert (one.replaces, one.meaning) == (2, "int, optional")
    [one] = complete("sp", METHODS, WORDS)
    assert one.meaning == "Add rocks."


def test_booleans_complete_and_harmful_names_do_not() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["methods"][0]["params"] = [{"name": "on", "schema": {"type": "boolean"}}]
    document["methods"][1] |= {"name": "player.\x1b[2J"}
    document["methods"][2] |= {"summary": "x\u202e\nmore"}
    methods = parse_discovery(document)
    assert [one.text for one in complete("spawn on=", methods, ())] == ["on=false", "on=true"]
    assert [one.text for one in complete("", methods, ())] == ["build", "spawn"]
    assert next(complete("b", methods, ())).meaning == "x\\u202e"
