"""`Options`: the options of a `WebSocketServer`, checked; `check_limits()`: those of a stage."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from stagedoor._core import TlsConfig
from stagedoor.limits import Limits

StrPath: TypeAlias = "str | os.PathLike[str]"

_LISTS = ("origins", "hosts", "subprotocols")
_COUNTS = (
    "max_connections",
    "max_request_line",
    "max_headers",
    "max_head_size",
    "max_message_size",
    "max_fragments",
    "max_pings_per_second",
    "max_receive_memory",
    "max_send_queue",
)
_SECONDS = (
    "handshake_timeout",
    "ping_interval",
    "ping_timeout",
    "write_timeout",
    "close_timeout",
)
_MAX_CONNECTIONS = 100_000
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

    def __init__(
        self, *, compression: bool, tls: tuple[StrPath, StrPath] | None, **options: Any
    ) -> None:
        if not isinstance(compression, bool):
            raise TypeError(f"compression must be a bool, not {type(compression).__name__}")
        for name in _LISTS:
            options[name] = _strings(name, options[name])
        for name in _COUNTS:
            _check_count(name, options[name])
        for name in _SECONDS:
            if not (name == "ping_interval" and options[name] is None):
                _check_seconds(name, options[name])
        _check_connections(options["max_connections"])
        for name, (pattern, expected) in _FORMS.items():
            for value in options[name]:
                if not pattern.fullmatch(value):
                    raise ValueError(f"{name}: expected {expected}, not {value!r}")
        config = None
        if tls is not None:
            certificate, key = _paths("tls", tls)
            config = TlsConfig(certificate, key)
            self.certificate = os.path.abspath(certificate)
        self._options = options | {"compression": compression, "tls": config}

    def for_core(self) -> dict[str, Any]:
        """The keyword arguments of `_core.Server`."""
        return self._options


def check_limits(limits: object) -> Limits:
    """The limits of a stage. Raises TypeError or ValueError that names the one that is wrong."""
    if limits is None:
        return Limits()
    if not isinstance(limits, Limits):
        raise TypeError(f"limits must be a stagedoor.Limits, not {type(limits).__name__}")
    for name, default in Limits._field_defaults.items():
        value = getattr(limits, name)
        if isinstance(default, float):
            if not (name == "ping_interval" and value is None):
                _check_seconds(name, value)
        else:
            _check_count(name, value)
    _check_connections(limits.max_connections)
    return limits


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


def _check_count(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not 0 < value <= 1 << 40:
        raise ValueError(f"{name} must be 1 to 2**40, not {value}")


def _check_connections(value: int) -> None:
    if value > _MAX_CONNECTIONS:
        raise ValueError(f"max_connections must be at most {_MAX_CONNECTIONS}, not {value}")


def _check_seconds(name: str, value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not 0 < value <= 1e6:
        raise ValueError(f"{name} must be more than 0 and at most 1e6 seconds, not {value}")
