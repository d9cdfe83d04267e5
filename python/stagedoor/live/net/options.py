"""`Options`: the options of a `WebSocketServer`, checked; `check_limits()`: those of a stage."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from stagedoor import checks
from stagedoor._core import TlsConfig
from stagedoor.limits import LARGEST, OF_BARE_SERVER, Limits, ServerLimits

StrPath: TypeAlias = "str | os.PathLike[str]"

_Init = TypeVar("_Init", bound=Callable[..., None])

BARE: Final = Limits._field_defaults | OF_BARE_SERVER
"""The limits of a server without a stage that was given none."""
_AUTHORITY = r"(\[[0-9a-fA-F:.]+\]|[\w.~-]+)(:\d{1,5})?"
_FORMS = {
    "origins": (
        re.compile(rf"[a-zA-Z][a-zA-Z0-9+.-]*://{_AUTHORITY}", re.ASCII),
        "an origin like 'https://example.org'",
    ),
    "hosts": (re.compile(_AUTHORITY, re.ASCII), "a name like 'game.local' or 'game.local:443'"),
    "subprotocols": (re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII), "an HTTP token"),
}


class Options:
    """Checked when they are given: raises TypeError or ValueError that names the option."""

    certificate: str | None = None
    """The file of the certificate, where there is TLS."""
    forgets_the_gone = False
    """Messages that wait for their turn when their client goes are not handled any more."""

    def __init__(
        self,
        limits: ServerLimits,
        *,
        compression: bool,
        tls: tuple[StrPath, StrPath] | None,
        **lists: Sequence[str],
    ) -> None:
        checks.flag("compression", compression)
        checked = {name: _strings(name, values) for name, values in lists.items()}
        for name in limits:
            if name not in ServerLimits.__annotations__:
                raise TypeError(
                    f"WebSocketServer.__init__() got an unexpected keyword argument {name!r}"
                )
        self.limits = Limits(**{**BARE, **limits})
        """What the clients may do; a stage puts its own here."""
        for name in ServerLimits.__annotations__:
            _check_limit(name, getattr(self.limits, name))
        for name, (pattern, expected) in _FORMS.items():
            for value in checked[name]:
                if not pattern.fullmatch(value):
                    raise ValueError(f"{name}: expected {expected}, not {value!r}")
        config = None
        if tls is not None:
            certificate, key = _paths("tls", tls)
            config = TlsConfig(certificate, key)
            self.certificate = os.path.abspath(certificate)
        self._options = checked | {"compression": compression, "tls": config}

    def for_core(self) -> dict[str, Any]:
        """The keyword arguments of `_core.Server`, beside its limits and tokens."""
        return self._options


def with_limits(init: _Init) -> _Init:
    """Let `inspect.signature()` show each limit with its default in place of `**limits`."""
    signature = inspect.signature(init)
    *parameters, _ = signature.parameters.values()
    for name in ServerLimits.__annotations__:
        default, kind = BARE[name], inspect.formatannotation(Limits.__annotations__[name])
        parameters.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
            )
        )
    init.__dict__["__signature__"] = signature.replace(parameters=parameters)
    return init


def check_limits(limits: object) -> Limits:
    """The limits of a stage. Raises TypeError or ValueError that names the one that is wrong."""
    if limits is None:
        return Limits()
    given: Limits = checks.instance("limits", limits, Limits, "a stagedoor.Limits")
    for name, value in given._asdict().items():
        _check_limit(name, value)
    return given


def _check_limit(name: str, value: Any) -> None:
    kind = Limits.__annotations__[name]
    if kind is int:
        checks.whole(name, value, 1)
    elif value is not None or kind is float:
        checks.seconds(name, value)
    most = LARGEST.get(name)
    if most is not None and value > most:
        raise ValueError(f"{name} must be at most {most}, not {value}")


def check_address(port: object, host: object) -> tuple[str, int]:
    """The host and port to listen at. Raises TypeError or ValueError for what cannot be one."""
    number = checks.whole("port", port, 0, 65535)
    if host is None:
        return "127.0.0.1", number
    if host == "":
        raise ValueError('host must not be empty; every interface is "0.0.0.0" or "::"')
    return checks.text("host", host), number


def _strings(name: str, values: Sequence[str]) -> list[str]:
    if isinstance(values, str):
        raise TypeError(f"{name} must be a list of strings, not one string: [{values!r}]")
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a list of strings, not {type(values).__name__}")
    strings = list(values)
    for value in strings:
        if not isinstance(value, str):
            raise TypeError(f"{name} must hold strings, not {type(value).__name__}")
    return strings


def _paths(name: str, value: object) -> tuple[str, str]:
    expected = f"{name} must be a pair of paths (certificate, key)"
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{expected}, not {type(value).__name__}")
    for path in value:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"{expected}, not of {type(path).__name__}")
    certificate, key = map(os.fspath, value)
    return certificate, key
