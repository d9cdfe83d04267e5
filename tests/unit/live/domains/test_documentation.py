"""Every built-in method and topic says what it does, who may, and what its params mean."""

from __future__ import annotations

import pytest

from stagedoor.live.stage import Stage

DOCUMENT = Stage("game", console=True).describe()
METHODS = {method["name"]: method for method in DOCUMENT["methods"]}
TOPICS = {topic["name"]: topic for topic in DOCUMENT["x-topics"]}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_a_summary_and_a_role(name: str) -> None:
    method = METHODS[name]
    assert method["summary"]
    assert method["summary"].rstrip()[-1] in ".:", "its docstring's first line is a sentence"
    assert method["x-role"] in ("viewer", "operator", "admin")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in METHODS
        if name.startswith(("process.", "logs.", "telemetry.", "input.", "console."))
    ],
)
def test_a_method_explains_its_params(name: str) -> None:
    text = METHODS[name]["description"]
    assert [one["name"] for one in METHODS[name]["params"] if f"`{one['name']}`" not in text] == []


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_returns(name: str) -> None:
    if METHODS[name]["x-kind"] != "generator":
        assert METHODS[name]["result"]["schema"] != {}


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_has_a_description_and_a_role(name: str) -> None:
    assert TOPICS[name]["description"].endswith(".")
    assert TOPICS[name]["role"] in ("viewer", "operator", "admin")


def test_the_domains_are_there() -> None:
    assert {"process", "logs", "telemetry"} <= {name.partition(".")[0] for name in METHODS}
    assert {"logs", "process.metrics"} <= set(TOPICS)
