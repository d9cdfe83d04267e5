"""`Discovery`: the OpenRPC document of a stage as JSON, kept until methods come or go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import Raw

from stagedoor.live.rpc import discover
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.methods import Method
from stagedoor.wire.encoding import ours_to_json


@dataclass(frozen=True, slots=True)
class Description:
    """A method, as the document has it."""

    text: Raw
    components: dict[str, Any]
    """The schemas that it refers to."""


class Discovery:
    """Describes the methods of one hub, each once. Any thread may call it."""

    def __init__(self, hub: Hub, version: str) -> None:
        self._hub = hub
        self._version = version
        self._kept: tuple[int, dict[str, Any]] = (-1, {})
        """The parts that depend on methods, and how often these had changed."""

    def describe_new(self) -> Iterator[str]:
        """Describe the methods that nobody has asked for yet, and give the name of each. This takes
        some tenths of a millisecond for each, so that a caller may stop in between."""
        for method in self._hub.methods:
            if method.description is None:
                method.description = _described(method)
                yield method.name

    def document(self) -> dict[str, Any]:
        """What `describe()` returns, for the most part encoded already."""
        changes, parts = self._kept
        if changes != self._hub.methods.changes:
            changes = self._hub.methods.changes
            parts = self._of_methods()
            self._kept = changes, parts
        return discover.frame_of(self._hub, self._version, parts)

    def _of_methods(self) -> dict[str, Any]:
        texts: list[Raw] = []
        schemas: dict[str, Any] = {}
        for method in sorted(self._hub.methods, key=lambda method: method.name):
            found = method.description
            if not isinstance(found, Description):
                found = method.description = _described(method)
            texts.append(found.text)
            for name, schema in found.components.items():
                if schemas.setdefault(name, schema) != schema:
                    # Two types have the same name: together they get longer ones.
                    return _encoded(discover.of_methods(self._hub))
        components = {"schemas": schemas, "errors": discover.errors()}
        return _encoded({"methods": texts, "components": components})


def _described(method: Method) -> Description:
    found = discover.of_method(method)
    return Description(Raw(ours_to_json(found[0])), found[1])


def _encoded(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: Raw(ours_to_json(part)) for name, part in parts.items()}
