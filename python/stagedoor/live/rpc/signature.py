"""`Signature`: decodes a function's params straight from JSON, by the function's type hints."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from itertools import filterfalse
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType
from typing import Any, Final, TypeAlias

import msgspec

from stagedoor.live import values
from stagedoor.live.rpc.form import Form
from stagedoor.live.rpc.hints import shape_of
from stagedoor.live.rpc.shape import Params, Row
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.text import reason_of

Arguments: TypeAlias = tuple[tuple[Any, ...], Mapping[str, Any]]
"""The arguments of a call, by position and by name."""


class Signature:
    """Decodes the params of one function, by name or by position, and checks their types.

    A parameter without a hint takes any JSON. Making a `Signature` raises TypeError, with the
    parameter's name, for parameters that JSON cannot fill: `*args`, `**kwargs`, and hints that
    cannot be resolved or decoded.
    """

    def __init__(self, function: Callable[..., Any], given: int = 0) -> None:
        """The caller does not fill the first `given` parameters."""
        self._name = getattr(function, "__qualname__", repr(function))
        try:
            parameters = list(inspect.signature(function).parameters.values())[given:]
        except ValueError as error:
            raise TypeError(f"{self._name}: its parameters cannot be found: {error}") from error
        hints = self._hints(function)
        self.result: Any = hints.get("return", Any)
        """The hint for the function's result."""
        self.parameters = [(parameter, hints.get(parameter.name, Any)) for parameter in parameters]
        """The parameters that the caller fills, with their hints."""
        for parameter in parameters:
            self._check(parameter, hints.get(parameter.name, Any))
        fields = [_field(parameter, hints.get(parameter.name, Any)) for parameter in parameters]
        by_name_only = [p for p in parameters if p.kind is Parameter.KEYWORD_ONLY]
        self.by_name_only = [parameter.name for parameter in by_name_only]
        self._needed_by_name = [p.name for p in by_name_only if p.default is Parameter.empty]
        self._positions = len(fields) - len(by_name_only)
        by_name = msgspec.defstruct("Params", fields, kw_only=True, forbid_unknown_fields=True)
        by_position = msgspec.defstruct(
            "Params", fields[: self._positions], array_like=True, forbid_unknown_fields=True
        )
        shapes = {parameter.name: shape_of(hint) for parameter, hint in self.parameters}
        self.by_name = Form(by_name, Params(by_name, shapes))
        self.by_position = Form(
            by_position, Row(by_position, list(shapes.values())[: self._positions])
        )

    def _hints(self, function: Callable[..., Any]) -> dict[str, Any]:
        function = inspect.unwrap(function)
        while isinstance(function, functools.partial):
            function = function.func
        if not isinstance(function, FunctionType | MethodType | BuiltinFunctionType):
            function = function.__call__  # type: ignore[operator]
        try:
            return typing.get_type_hints(function, include_extras=True)
        except NameError as error:
            raise TypeError(
                f"{self._name}: a type hint cannot be resolved: {error}; "
                "types in hints must be defined at the top level of their module"
            ) from error

    def _check(self, parameter: Parameter, hint: Any) -> None:
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            raise TypeError(
                f"{self._name}: {parameter} cannot be filled from JSON params; name each parameter"
            )
        try:
            info = msgspec.inspect.type_info(hint)
        except Exception as error:  # of types that msgspec cannot take in
            why = reason_of(error)
            raise TypeError(f"{self._name}: parameter {parameter.name!r}: {why}") from error
        for unknown in filterfalse(values.can_decode, _custom_types(info)):
            raise TypeError(
                f"{self._name}: parameter {parameter.name!r}: {unknown.__qualname__} cannot be "
                "made from JSON; make it a dataclass, or take its fields as parameters"
            )

    def decode(self, params: bytes | None) -> Arguments:
        """The arguments to call with. Raises InvalidParams, or another error of the RPC; and what
        types of the game raise, as in `__post_init__`, but for TypeError and ValueError."""
        if params is None:
            params = b"{}"
        first = params[0]
        if first == _OBJECT:
            values = self.by_name.values(params)
            if not self.by_name_only:
                return values, _NOTHING
            by_name = zip(self.by_name_only, values[self._positions :], strict=True)
            return values[: self._positions], dict(by_name)
        if first == _ARRAY and not self._needed_by_name:
            return self.by_position.values(params), _NOTHING
        if self._needed_by_name:
            names = ", ".join(self._needed_by_name)
            raise InvalidParams(f"expected an object: {names} can only be given by name")
        raise InvalidParams("expected an object (by name) or an array (by position)")


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_OBJECT, _ARRAY = b"{["


def _field(parameter: Parameter, hint: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
    if parameter.default is Parameter.empty:
        return parameter.name, hint
    default = parameter.default
    return parameter.name, hint, msgspec.field(default_factory=lambda: default)


def _custom_types(info: object) -> Iterator[type]:
    """The classes in a hint that msgspec does not know."""
    pending, seen = [info], set[int]()
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, msgspec.inspect.CustomType):
            yield item.cls
        elif isinstance(item, msgspec.inspect.Type | msgspec.inspect.Field):
            pending += [getattr(item, name) for name in item.__struct_fields__]
        elif isinstance(item, tuple):
            pending += item
