"""What people write: params on the command line, and settings."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from tests.fuzz.conversation import SEPARATOR
from tests.fuzz.jsontext import value
from tests.fuzz.target import Target

from stagedoor import settings
from stagedoor.cli.command import CommandError
from stagedoor.cli.values import parse


def check_values(texts: list[str]) -> None:
    try:
        given = parse(texts)
    except CommandError:
        return
    assert len(given.unnamed) + len(given.named) == len(texts)
    named, unnamed = iter(given.named.items()), iter(given.unnamed)
    for text in texts:
        name, equals, rest = text.partition("=")
        if equals and name.isidentifier():
            known, found = next(named)
            assert known == name
            check_value(rest, found)
        else:
            check_value(text, next(unnamed))


def check_value(text: str, given: object) -> None:
    """A string stands for itself, or was a JSON string."""
    if isinstance(given, str) and given != text:
        assert json.loads(text) == given


def check_settings(data: bytes, file: Path) -> None:
    file.write_bytes(data)
    said = settings.project_says(str(file), "here")
    assert said.why
    assert "\n" not in said.why.replace(str(file), "")
    assert not (said.enabled and said.problem)
    if said.enabled:
        assert b"enabled" in data or b"\\" in data


def check_environment(text: str) -> None:
    said = settings.environment_says({settings.VARIABLE: text})
    assert said is not None
    assert said.enabled is (text.strip().lower() in ("1", "true", "yes", "on"))
    assert said.problem or text.strip()


LINES = [
    "[tool.stagedoor]", "[tool]", "[[tool]]", "[tool.stagedoor.x]", "[project]", "enabled = true",
    "enabled = false", "enabled = 'true'", "enabled = 1", "stagedoor.enabled = true",
    "tool.stagedoor.enabled = true", "tool = 1", "stagedoor = []", '"enabled" = true',
    "x = '''", "x = [[[[", "x = 1979-05-27T07:32:00Z", "x = inf", "\\", "# é", "port = 8787",
]  # fmt: skip


def make(chance: Random) -> bytes:
    """Values, after `v`; a pyproject.toml, after `s`; a variable of the environment, after `e`."""
    kind = chance.random()
    if kind < 0.5:
        values = [
            chance.choice(["", "", "a=", "b=", "é=", "1=", "=", "a b="]) + value(chance)
            for _ in range(chance.randrange(4))
        ]
        return b"v" + SEPARATOR.join(text.encode("utf-8", "surrogatepass") for text in values)
    if kind < 0.9:
        return b"s" + "\n".join(chance.choices(LINES, k=chance.randrange(6))).encode()
    return b"e" + chance.choice([b"1", b" yes\t", b"TRUE", b"off", b"", b"maybe", b"\xc2\xa01"])


def test_texts_of_people_are_taken_or_refused(tmp_path: Path) -> None:
    def check(data: bytes) -> None:
        kind, rest = data[:1], data[1:]
        if kind == b"s":
            check_settings(rest, tmp_path / "pyproject.toml")
        elif kind == b"e":
            check_environment(rest.decode("utf-8", "surrogateescape"))
        else:
            texts = [text.decode("utf-8", "surrogateescape") for text in rest.split(SEPARATOR)]
            check_values(texts if rest else [])

    Target("texts").run(make, check, 1000)
