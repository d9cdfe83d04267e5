"""What a game offers, read from `rpc.discover`: `parse_discovery()` returns `Methods`.

The source is an OpenRPC 1.3 document (https://spec.open-rpc.org) with the extensions x-role,
x-kind, x-timeout, x-built-in and x-topics. It comes from the game, so its texts may contain
anything.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from stagedoor.client.core.schema import REFERENCE, python_type
from stagedoor.client.errors import BadReplyError
from stagedoor.wire.jsonrpc import UNREADABLE

Schema = dict[str, Any] | bool
"""A JSON Schema."""

_MAX_STEPS = 8
"""A reference leads to another so many times at most."""


class Param(msgspec.Struct, frozen=True):
    """A param of a method, or its result."""

    name: str = ""
    schema: Schema = True
    required: bool = False
    summary: str = ""
    description: str = ""

    @property
    def type(self) -> str:
        """The type in Python's notation, as in `list[int] | None`."""
        return python_type(self.schema)


class ExampleValue(msgspec.Struct, frozen=True):
    """A param of an example, or its result."""

    value: Any = None
    name: str = ""


class Example(msgspec.Struct, frozen=True):
    """An example of a call, and of what it returns."""

    params: tuple[ExampleValue, ...] = ()
    result: ExampleValue | None = None

    def __str__(self) -> str:
        """As in `kind="big", count=3 -> 12`."""
        text = ", ".join(f"{param.name}={json.dumps(param.value)}" for param in self.params)
        return text if self.result is None else f"{text} -> {json.dumps(self.result.value)}".strip()


class Method(msgspec.Struct, frozen=True):
    """A method of the game."""

    name: str
    summary: str = ""
    description: str = ""
    params: tuple[Param, ...] = ()
    result: Param | None = None
    role: str = msgspec.field(default="", name="x-role")
    """The least role that may call it: viewer, operator or admin."""
    kind: str = msgspec.field(default="plain", name="x-kind")
    """plain, coroutine, generator (which reports its progress) or thread."""
    timeout: float | None = msgspec.field(default=None, name="x-timeout")
    """Seconds that the game lets it run; None: without a limit."""
    deprecated: bool = False
    built_in: bool = False
    """Whether it is stagedoor's own, and not the game's."""
    examples: tuple[Example, ...] = ()

    @property
    def signature(self) -> str:
        """As in `spawn(kind: str, count: int = 1) -> int`."""
        parts = []
        for param in self.params:
            default = param.schema.get("default", ...) if isinstance(param.schema, dict) else ...
            shown = "" if param.required else f" = {'...' if default is ... else repr(default)}"
            parts.append(f"{param.name}: {param.type}{shown}")
        result = self.result.type if self.result is not None else "None"
        return f"{self.name}({', '.join(parts)}) -> {result}"


class Topic(msgspec.Struct, frozen=True):
    """A topic of the game."""

    name: str
    description: str = ""
    role: str = ""
    built_in: bool = False
    """Whether it is stagedoor's own, and not the game's."""


Offer = TypeVar("Offer", Method, Topic)


class _Components(msgspec.Struct):
    schemas: dict[str, Schema] = {}


class _BuiltIn(msgspec.Struct):
    methods: list[str] = []
    topics: list[str] = []


class _Document(msgspec.Struct):
    methods: list[Method]
    built_in: _BuiltIn = msgspec.field(default_factory=_BuiltIn, name="x-built-in")
    components: _Components = msgspec.field(default_factory=_Components)
    topics: list[Topic] = msgspec.field(default_factory=list, name="x-topics")


class Methods(Mapping[str, Method]):
    """The methods of a game by name, with its topics and types."""

    def __init__(
        self,
        methods: list[Method],
        topics: list[Topic],
        schemas: dict[str, Schema],
        document: dict[str, Any],
    ) -> None:
        self._methods = {method.name: method for method in methods}
        self.topics = {topic.name: topic for topic in topics}
        """The topics by name."""
        self.schemas = schemas
        """The JSON Schemas of the types that methods share, by name."""
        self.document = document
        """The whole OpenRPC document."""

    def resolved(self, schema: object) -> dict[str, Any]:
        """The schema behind a reference to a shared one, or behind a value that may be null."""
        for _ in range(_MAX_STEPS):
            if not isinstance(schema, dict):
                return {}
            others = [one for one in schema.get("anyOf") or () if one != {"type": "null"}]
            if "$ref" in schema:
                schema = self.schemas.get(str(schema["$ref"]).removeprefix(REFERENCE))
            elif len(others) == 1:
                schema = others[0]
            else:
                return schema
        return {}

    def __getitem__(self, name: str) -> Method:
        return self._methods[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._methods)

    def __len__(self) -> int:
        return len(self._methods)

    def __repr__(self) -> str:
        return f"<{len(self)} methods: {', '.join(self)}>"


def parse_discovery(document: object) -> Methods:
    """The methods in an OpenRPC document. Raises: BadReplyError."""
    try:
        parsed = msgspec.convert(document, _Document)
    except UNREADABLE as error:
        raise BadReplyError(f"the game sent no OpenRPC document: {error}") from error
    assert isinstance(document, dict)  # otherwise `convert` would have raised
    own = parsed.built_in
    return Methods(
        [_marked(method, own.methods) for method in parsed.methods],
        [_marked(topic, own.topics) for topic in parsed.topics],
        parsed.components.schemas,
        document,
    )


def _marked(one: Offer, built_in: list[str]) -> Offer:
    return msgspec.structs.replace(one, built_in=one.name in built_in)
