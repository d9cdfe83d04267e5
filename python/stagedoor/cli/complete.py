"""What could come next on a line of the shell: `complete()`. Without I/O; `shell` shows the words.

The names come from the game. A name with characters that a terminal might act on is left out.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from stagedoor.cli.terminal import harmless

if TYPE_CHECKING:
    from stagedoor.client.core.methods import Method, Methods, Param


class Completion(NamedTuple):
    """A word that can replace the last `replaces` characters of the line, and what it means."""

    text: str
    replaces: int
    meaning: str


def complete(line: str, methods: "Methods", words: Iterable[str]) -> Iterator[Completion]:
    """The completions of a line that is typed so far. `words`: the shell's own words."""
    done, last = _split(line)
    if done[:1] in (["call"], ["notify"]):
        done, words = done[1:], ()
    if done[:1] == ["watch"]:
        found: Iterable[tuple[str, str]] = [
            (topic.name, topic.description) for topic in methods.topics.values()
        ]
    elif done[:1] in (["help"], ["methods"]):
        found = _methods(methods)
    elif not done:
        found = [*((word, "") for word in words), *_methods(methods)]
    elif done[0] in methods:
        found = _params(methods[done[0]], done[1:], last)
    else:
        return
    for text, meaning in sorted(found):
        if text.startswith(last) and text != last and harmless(text) == text:
            yield Completion(text, len(last), harmless(meaning.partition("\n")[0]))


def _split(line: str) -> tuple[list[str], str]:
    """The words before the last one, and the last one. The last is empty after a space."""
    words = line.split()
    if not words or line[-1].isspace():
        return words, ""
    return words[:-1], words[-1]


def _methods(methods: "Methods") -> list[tuple[str, str]]:
    return [(method.name, method.summary) for method in methods.values()]


def _params(method: "Method", given: list[str], last: str) -> list[tuple[str, str]]:
    names = {word.partition("=")[0] for word in given}
    name, equals, _ = last.partition("=")
    if equals:
        chosen = next((param for param in method.params if param.name == name), None)
        return [(f"{name}={value}", "") for value in _values(chosen)]
    return [
        (f"{param.name}=", param.type if param.required else f"{param.type}, optional")
        for param in method.params
        if param.name not in names
    ]


def _values(param: "Param | None") -> list[str]:
    schema = param.schema if param is not None and isinstance(param.schema, dict) else {}
    choices = schema.get("enum")
    if isinstance(choices, list):
        return [choice for choice in choices if isinstance(choice, str) and " " not in choice]
    return ["true", "false"] if schema.get("type") == "boolean" else []
