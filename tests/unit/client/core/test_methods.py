"""What a game offers: `stagedoor.client.core.methods`."""

import pytest

from stagedoor.client.core.methods import parse_discovery
from stagedoor.client.errors import BadReplyError

from ...fake_stage import DOCUMENT


def test_methods_are_there_by_name_with_all_that_is_known_of_them() -> None:
    methods = parse_discovery(DOCUMENT)
    assert list(methods) == ["spawn", "player.heal", "build"]
    spawn = methods["spawn"]
    assert (spawn.summary, spawn.role, spawn.kind, spawn.timeout) == (
        "Add rocks.", "operator", "plain", 5.0,
    )  # fmt: skip
    assert [(param.name, param.type, param.required) for param in spawn.params] == [
        ("kind", 'Literal["big", "small"]', True), ("at", "Point", False), ("count", "int", False),
    ]  # fmt: skip
    assert spawn.signature == (
        'spawn(kind: Literal["big", "small"], at: Point = ..., count: int = 1) -> int'
    )
    assert methods["player.heal"].signature == "player.heal(amount: float) -> None"
    assert methods["build"].kind == "generator"
    assert methods.topics["rocks"].role == "viewer"
    assert methods.schemas.keys() == {"Point"}
    assert methods.document is DOCUMENT


def test_what_is_left_out_is_not_missed() -> None:
    methods = parse_discovery({"methods": [{"name": "a"}, {"name": "b", "x-new": 1}]})
    assert methods["a"].signature == "a() -> None"
    assert methods.topics == {}


def test_examples_read_as_calls() -> None:
    example = {
        "name": "e",
        "params": [{"name": "kind", "value": "big"}, {"name": "count", "value": 3}],
        "result": {"name": "result", "value": [1]},
    }
    referred = {"name": "f", "params": [{"$ref": "#/components/examples/f"}]}
    document = {"methods": [{"name": "a", "examples": [example, referred]}]}
    first, _ = parse_discovery(document)["a"].examples
    assert str(first) == 'kind="big", count=3 -> [1]'
    assert str(first.__class__(first.params)) == 'kind="big", count=3'


@pytest.mark.parametrize(
    "document", [None, [], {}, {"methods": 1}, {"methods": [{}]}, {"methods": [{"name": 1}]}]
)
def test_anything_else_is_refused(document: object) -> None:
    with pytest.raises(BadReplyError, match="no OpenRPC document"):
        parse_discovery(document)
