"""`describe()`: an OpenRPC 1.3 document of a stage's methods, from hints and docstrings."""

from __future__ import annotations

import contextlib
import inspect
from inspect import Parameter
from typing import Any

import msgspec

from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.methods import Kind, Method
from stagedoor.wire.errors import BY_CODE

_REFERENCE = "#/components/schemas/{name}"


def describe(hub: Hub, version: str) -> dict[str, Any]:
    """The document, made anew: methods come and go. `version` is stagedoor's."""
    methods = sorted(hub.methods, key=lambda method: method.name)
    hints = []
    for method in methods:
        hints += [hint for _, hint in method.signature.parameters]
        hints.append(_result_hint(method))
    schemas, components = _schemas(hints)
    described = iter(schemas)
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": hub.name,
            "version": version,
            "description": "The stage of a running game.",
        },
        "methods": [_method(method, described) for method in methods],
        "components": {"schemas": components, "errors": _errors()},
        "x-topics": [
            {"name": topic.name, "description": topic.description, "role": topic.role.label}
            for topic in hub.topics
        ],
    }


def _method(method: Method, schemas: Any) -> dict[str, Any]:
    summary, _, description = method.description.partition("\n")
    params = []
    for parameter, _ in method.signature.parameters:
        schema = next(schemas)
        if parameter.default is not Parameter.empty:
            with contextlib.suppress(TypeError, ValueError):  # JSON cannot carry every default
                schema = {**schema, "default": msgspec.to_builtins(parameter.default)}
        params.append(
            {
                "name": parameter.name,
                "required": parameter.default is Parameter.empty,
                "schema": schema,
            }
        )
    only_by_name = any(p.kind is Parameter.KEYWORD_ONLY for p, _ in method.signature.parameters)
    return {
        "name": method.name,
        "summary": summary,
        "description": inspect.cleandoc(description),
        "params": params,
        "result": {"name": "result", "schema": next(schemas)},
        "paramStructure": "by-name" if only_by_name else "either",
        "errors": [{"$ref": "#/components/errors/HandlerError"}],
        "x-role": method.role.label,
        "x-kind": method.kind.value,
        "x-timeout": method.timeout,
        "x-anytime": method.anytime,
    }


def _result_hint(method: Method) -> Any:
    """What a generator returns its hint tells only in passing."""
    return Any if method.kind is Kind.GENERATOR else method.signature.result


def _schemas(hints: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A schema for each hint. A type that JSON Schema has no word for may be anything."""
    known = [hint if _has_schema(hint) else Any for hint in hints]
    schemas, components = msgspec.json.schema_components(known, ref_template=_REFERENCE)
    return list(schemas), components


def _has_schema(hint: Any) -> bool:
    try:
        msgspec.json.schema(hint)
    except (TypeError, ValueError):
        return False
    return True


def _errors() -> dict[str, Any]:
    return {
        kind.__name__: {"code": code, "message": (inspect.getdoc(kind) or "").partition("\n")[0]}
        for code, kind in BY_CODE.items()
    }
