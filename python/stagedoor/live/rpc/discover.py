"""`describe()`: an OpenRPC 1.3 document of a stage's methods, from hints and docstrings."""

from __future__ import annotations

import collections.abc
import contextlib
import inspect
import typing
from collections.abc import Iterator
from inspect import Parameter
from typing import Any

import msgspec

from stagedoor.live import values
from stagedoor.live.rpc.defaults import has_schema, with_plain_defaults
from stagedoor.live.rpc.examples import NO_RESULT, Example, read_docstring
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.wire.encoding import to_json
from stagedoor.wire.errors import (
    BY_CODE,
    Cancelled,
    Forbidden,
    GameStalled,
    HandlerError,
    InternalError,
    InvalidParams,
    NotAuthenticated,
    RpcError,
    TimedOut,
    TooManyRequests,
)
from stagedoor.wire.size import UnsendableError

_encoder = msgspec.json.Encoder(enc_hook=values.encode)
_REFERENCE = "#/components/schemas/{name}"
_ALWAYS = (
    HandlerError,
    InternalError,
    GameStalled,
    Forbidden,
    NotAuthenticated,
    TooManyRequests,
)
"""The errors that any method may be answered with."""


def describe(hub: Hub, version: str) -> dict[str, Any]:
    """The document, as of now: methods come and go. `version` is stagedoor's."""
    return frame_of(hub, version, of_methods(hub))


def frame_of(hub: Hub, version: str, parts: dict[str, Any]) -> dict[str, Any]:
    """The document around the parts that depend on the methods: `methods` and `components`."""
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": hub.name,
            "version": version,
            "description": "The stage of a running game.",
        },
        **parts,
        "x-topics": [
            {"name": topic.name, "description": topic.description, "role": topic.role.label}
            for topic in hub.topics
        ],
        "x-built-in": {
            "methods": sorted(hub.methods.built_in),
            "topics": sorted(hub.topics.built_in),
        },
    }


def of_methods(hub: Hub) -> dict[str, Any]:
    """The parts of the document that depend on the methods."""
    methods = sorted(hub.methods, key=lambda method: method.name)
    schemas, components = _schemas([hint for method in methods for hint in _hints(method)])
    described = iter(schemas)
    return {
        "methods": [_method(method, described) for method in methods],
        "components": {"schemas": components, "errors": errors()},
    }


def of_method(method: Method) -> tuple[dict[str, Any], dict[str, Any]]:
    """A method by itself, and the schemas that it refers to."""
    schemas, components = _schemas(_hints(method))
    return _method(method, iter(schemas)), components


def _hints(method: Method) -> list[Any]:
    return [*(hint for _, hint in method.signature.parameters), _result_hint(method)]


def _method(method: Method, schemas: Any) -> dict[str, Any]:
    parameters = [parameter for parameter, _ in method.signature.parameters]
    docstring = read_docstring(method.function, [parameter.name for parameter in parameters])
    params = []
    for parameter in parameters:
        schema = next(schemas)
        if parameter.default is not Parameter.empty:
            with contextlib.suppress(UnsendableError):  # JSON cannot carry every default
                schema = {**schema, "default": _sent(parameter.default)}
        params.append(
            {
                "name": parameter.name,
                "required": parameter.default is Parameter.empty,
                "schema": schema,
            }
        )
    only_by_name = any(parameter.kind is Parameter.KEYWORD_ONLY for parameter in parameters)
    described = {
        "name": method.name,
        "summary": docstring.summary,
        "description": docstring.description,
        "params": params,
        "result": {"name": "result", "schema": next(schemas)},
        "paramStructure": "by-name" if only_by_name else "either",
        "errors": [{"$ref": f"#/components/errors/{kind.__name__}"} for kind in _errors_of(method)],
        "x-role": method.role.label,
        "x-kind": method.kind.value,
        "x-timeout": method.timeout,
        "x-anytime": method.anytime,
    }
    if examples := list(_examples(docstring.examples)):
        described["examples"] = examples
    return described


def _examples(examples: list[Example]) -> Iterator[dict[str, Any]]:
    for number, example in enumerate(examples, 1):
        try:
            arguments = _sent(example.arguments)
            pairing: dict[str, Any] = {
                "name": f"example {number}",
                "params": [{"name": name, "value": value} for name, value in arguments.items()],
            }
            if example.result is not NO_RESULT:
                pairing["result"] = {"name": "result", "value": _sent(example.result)}
        except UnsendableError:  # JSON cannot carry every literal of Python
            continue
        yield pairing


def _sent(value: object) -> Any:
    """The value as its JSON has it. Raises UnsendableError."""
    return msgspec.json.decode(to_json(value, _encoder, may_escape=True))


def _errors_of(method: Method) -> Iterator[type[RpcError]]:
    """The errors that may answer a well-formed request for this method."""
    if method.signature.parameters:
        yield InvalidParams
    if method.timeout is not None:
        yield TimedOut
    if method.kind is not Kind.PLAIN:
        yield Cancelled
    yield from _ALWAYS


def _result_hint(method: Method) -> Any:
    """The type that the caller gets. For a generator, its return type, if its hint has one."""
    hint = method.signature.result
    if method.kind is not Kind.GENERATOR:
        return hint
    if typing.get_origin(hint) is collections.abc.Generator and len(typing.get_args(hint)) == 3:
        return typing.get_args(hint)[2]
    return Any


def _schemas(hints: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A schema for each hint. A type that JSON Schema cannot describe becomes `Any`."""
    known = [_with_schema(hint) for hint in hints]
    schemas, components = msgspec.json.schema_components(
        known, schema_hook=values.schema, ref_template=_REFERENCE
    )
    for component in components.values():
        if "description" in component:  # a docstring, which Python 3.13 strips by itself
            component["description"] = inspect.cleandoc(component["description"])
    return list(schemas), components


def _with_schema(hint: Any) -> Any:
    if has_schema(hint):
        return hint
    try:
        plain = with_plain_defaults(hint)
    except Exception:  # of the game's own types
        return Any
    return plain if has_schema(plain) else Any


def errors() -> dict[str, Any]:
    """The errors of the interface, by the names of their types."""
    return {
        kind.__name__: {"code": code, "message": (inspect.getdoc(kind) or "").partition("\n")[0]}
        for code, kind in BY_CODE.items()
    }
