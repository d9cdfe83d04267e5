"""`Matching`: whether a node fits a selector. Runs no code of the game but what `look` does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from stagedoor.live.engines.scene import Node, Unread
from stagedoor.live.language.comparison import Literal, compare
from stagedoor.live.language.path import Path
from stagedoor.live.language.selector import PathTest, Selector, Step
from stagedoor.live.reach import plain
from stagedoor.live.scene.comparable import comparable, is_truthy

Look: TypeAlias = Callable[[object, Path], object]
"""The value at a path from an object; `Unread` if there is none that this caller may see."""

_DEEPEST: Final = 100
"""The most nodes that contain a node, and are looked at."""


class Matching:
    """Compares nodes with one selector, for one call."""

    def __init__(self, selector: Selector, look: Look) -> None:
        self._steps = selector.steps
        self._look = look
        self._fitting: dict[tuple[int, str], bool] = {}
        """Whether a type, by its id, has a base of this name. The types are kept beside."""
        self._types: list[type] = []
        self.unread: dict[str, str] = {}
        """The tests that could not be made of some object, and why. Those objects do not fit."""

    def fits(self, node: Node) -> bool:
        """Whether it is what the selector selects."""
        steps = self._steps
        if not self._is_like(node, steps[-1]):
            return False
        if len(steps) == 1:
            return True
        # From the outside in: which of the selector's beginnings fit what directly contains the
        # next, and which fit something around it.
        last = len(steps) - 1
        directly = around = [False] * last
        for parent in reversed(_parents(node)):
            directly = [
                self._is_in(at, directly, around) and self._is_like(parent, steps[at])
                for at in range(last)
            ]
            around = [one or other for one, other in zip(around, directly, strict=True)]
        return self._is_in(last, directly, around)

    def _is_in(self, at: int, directly: list[bool], around: list[bool]) -> bool:
        """Whether what comes before this step fits what is around."""
        return at == 0 or (directly if self._steps[at].is_direct else around)[at - 1]

    def _is_like(self, node: Node, step: Step) -> bool:
        return (
            (step.type is None or self._is_a(node.kind, step.type))
            and all(node.name() == name for name in step.names)
            and (not step.tags or set(step.tags) <= set(node.tags()))
            and (not (step.texts or step.contained) or _says(node, step))
            and all(_is_in_state(node, state) for state in step.states)
            and all(self._passes(node, test) for test in step.tests)
        )

    def _is_a(self, kind: type, name: str) -> bool:
        key = id(kind), name
        found = self._fitting.get(key)
        if found is None:
            self._types.append(kind)
            names = (plain.short_name(base) for base in plain.bases_of(kind) if base is not object)
            found = self._fitting[key] = name in names
        return found

    def _passes(self, node: Node, test: PathTest) -> bool:
        if node.hides_text():  # it has what is written on it in many places: nothing can be guessed
            return False
        found = self._look(node.target, test.path)
        if type(found) is Unread:
            if found.by is not None:
                self.unread.setdefault(str(test), found.reason)
            return False
        if test.operator is None:
            return is_truthy(found) is not test.is_negated
        value = comparable(found, test.literal)
        return _holds(value, test.operator, test.literal) is not test.is_negated


def _parents(node: Node) -> list[Node]:
    """What contains a node, from the inside out."""
    found: list[Node] = []
    parent = node.parent
    while parent is not None and len(found) < _DEEPEST:
        found.append(parent)
        parent = parent.parent
    return found


def _holds(value: Literal | Unread, operator: str, literal: Literal) -> bool:
    if type(value) is Unread:
        return operator == "!="
    return compare(value, operator, literal)  # type: ignore[arg-type]


def _says(node: Node, step: Step) -> bool:
    text = node.text()
    if text is None:
        return False
    words = " ".join(text.split())
    return all(words == " ".join(wanted.split()) for wanted in step.texts) and all(
        compare(words, "~", " ".join(wanted.split())) for wanted in step.contained
    )


def _is_in_state(node: Node, state: str) -> bool:
    if state == "enabled":
        return node.is_enabled() is not False
    if state == "disabled":
        return node.is_enabled() is False
    return node.is_visible() is (state == "shown")
