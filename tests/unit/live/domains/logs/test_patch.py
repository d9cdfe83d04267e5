"""Patches: put in, taken away, and left alone where somebody else has wrapped them."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from stagedoor.live.domains.logs.patch import Patch


def louder(before: Any) -> Any:
    return lambda text: before(text.upper())


def test_an_attribute_is_replaced_and_put_back() -> None:
    said: list[str] = []
    owner = SimpleNamespace(say=said.append)
    before = owner.say
    patch = Patch(owner, "say", louder)
    owner.say("a")
    patch.undo()
    owner.say("b")
    assert said == ["A", "b"]
    assert owner.say == before


def test_what_an_object_has_from_its_class_is_its_classes_again() -> None:
    stream = io.StringIO()
    patch = Patch(stream, "write", louder)
    stream.write("a")
    patch.undo()
    stream.write("b")
    assert stream.getvalue() == "Ab"
    assert vars(stream) == {}


def test_who_has_wrapped_since_keeps_what_is_there() -> None:
    stream = io.StringIO()
    patch = Patch(stream, "write", louder)
    ours = stream.write
    theirs = lambda text: ours(text)  # noqa: E731
    stream.write = theirs  # type: ignore[method-assign]
    patch.undo()
    assert stream.write is theirs
    patch.undo()


def test_what_cannot_be_replaced_is_an_error() -> None:
    class Slots:
        __slots__ = ()

        def write(self, text: str) -> None: ...

    with pytest.raises((TypeError, AttributeError)):
        Patch(Slots(), "write", louder)
