"""stagedoor: a guarded door into your running game.

    stage = stagedoor.start("asteroids")     # dormant, and free, unless the project enables it

`start`, `Limits` and `Bounds` are always here. So are `connect` and `connect_async`, for programs
that call a game, unless a release build leaves the client out. `Stage`, `WebSocketServer`,
`WebSocketServerConnection` and `ReadyState` are defined only while stagedoor is enabled;
`stagedoor.settings` says what decides that. It is decided once, when one of these names is first
asked for. A disabled game imports this module, `settings` and `dormant`, and nothing else.
"""

import logging
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from stagedoor import settings
from stagedoor.dormant import DormantStage

if TYPE_CHECKING:
    from stagedoor.bounds import Bounds as Bounds
    from stagedoor.client import connect as connect
    from stagedoor.client import connect_async as connect_async
    from stagedoor.limits import Limits as Limits
    from stagedoor.live.net.options import StrPath
    from stagedoor.live.net.websocket import ReadyState as ReadyState
    from stagedoor.live.net.websocket import WebSocketServer as WebSocketServer
    from stagedoor.live.net.websocket import WebSocketServerConnection as WebSocketServerConnection
    from stagedoor.live.stage import Stage as Stage

__version__ = "0.1.0"

_ALWAYS = ["Bounds", "Limits", "__version__", "start"]
_CLIENT = ["connect", "connect_async"]
_LIVE = {
    "ReadyState": "stagedoor.live.net.websocket",
    "Stage": "stagedoor.live.stage",
    "WebSocketServer": "stagedoor.live.net.websocket",
    "WebSocketServerConnection": "stagedoor.live.net.websocket",
}
_log = logging.getLogger("stagedoor")


def start(
    name: str | None = None,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    hosts: Sequence[str] = (),
    origins: Sequence[str] = (),
    tls: "tuple[StrPath, StrPath] | None" = None,
    limits: "Limits | None" = None,
    console: bool = False,
) -> "Stage":
    """Open the stage door of this game. Returns a dormant stage unless stagedoor is enabled.

    `name`: what clients call the game; None: the name of the main file, without its suffix.
    `port`: where to listen; None: 8787 or the next free port. `host`: the address to listen on.
    `hosts`: more host names by which clients may address the server: `"game.local"` (with the
    server's own port) or `"game.example:443"`. `origins`: origins of other web pages that may
    connect, each exact, as in `"https://example.org"`. `tls`: `(certificate, key)`, two PEM files;
    the stage then speaks only TLS. `limits`: what clients may do; None: `Limits()`. `console`: let
    admins run any Python code in the game.

    If the stage cannot listen, or cannot run here at all, the game goes on with a dormant stage,
    and one line in the log of `stagedoor` says why. Nothing that the machine lacks raises: a port,
    a thread, a descriptor, a folder. While stagedoor is enabled, invalid options raise TypeError or
    ValueError. Call it from the game's thread.
    """
    module = _import(_LIVE["Stage"])
    if module is not None:
        try:
            stage = module.Stage.start(
                name,
                port=port,
                host=host,
                hosts=hosts,
                origins=origins,
                tls=tls,
                limits=limits,
                console=console,
            )
            return cast("Stage", stage)
        except (TypeError, ValueError):
            raise  # a mistake of the caller's
        except OSError as error:
            where = f"{host} port {'8787 or above' if port is None else port}"
            _log.warning("stagedoor cannot listen on %s: %s; the stage is dormant", where, error)
        except Exception as error:
            _report(f"{type(error).__name__}: {error}")
    return cast("Stage", DormantStage(name))  # tests/unit/test_dormant.py compares the two


@cache
def _decision() -> settings.Decision:
    decision = settings.decide()
    if decision.problem:
        _log.warning("stagedoor is disabled: %s", decision.why)
    return decision


@cache
def _import(module: str) -> ModuleType | None:
    """A module of `stagedoor.live`; None while disabled, or if it cannot be imported."""
    if not _decision().enabled:
        return None
    try:
        if _is_subinterpreter():
            raise ImportError("a subinterpreter has no threads of its own")
        return import_module(module)
    except ImportError as error:
        _report(str(error))
    except (
        Exception
    ) as error:  # no descriptor is left, a module of the game's hides one of Python's
        _report(f"{type(error).__name__}: {error}")
    return None


def _is_subinterpreter() -> bool:
    for name in ("_interpreters", "_xxsubinterpreters"):  # until Python 3.12 it was the latter
        try:
            interpreters = import_module(name)
        except ImportError:
            continue
        return bool(interpreters.get_current() != interpreters.get_main())
    return False


@cache  # `WebSocketServer` and `start()` may both fail with this error; it is logged once
def _report(error: str) -> None:
    _log.warning("stagedoor is enabled but cannot run here: %s; the stage is dormant", error)


@cache
def _has_client() -> bool:
    """Whether this installation has the client: a release build leaves it out."""
    from importlib.util import find_spec

    return find_spec("stagedoor.client") is not None


def _public_names() -> list[str]:
    live = _LIVE if _decision().enabled else []
    return sorted([*_ALWAYS, *(_CLIENT if _has_client() else []), *live])


if TYPE_CHECKING:
    __all__ = [
        "Bounds",
        "Limits",
        "ReadyState",
        "Stage",
        "WebSocketServer",
        "WebSocketServerConnection",
        "__version__",
        "connect",
        "connect_async",
        "start",
    ]
else:

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            return _public_names()
        if name in _CLIENT and _has_client():
            return getattr(import_module("stagedoor.client"), name)
        if name == "Limits":
            from stagedoor.limits import Limits

            return Limits
        if name == "Bounds":
            from stagedoor.bounds import Bounds

            return Bounds
        if name not in _LIVE:
            raise AttributeError(f"module 'stagedoor' has no attribute {name!r}")
        module = _import(_LIVE[name])
        if module is None:
            enabled, why, _ = _decision()
            state = "enabled, but cannot run here: see the log" if enabled else "disabled"
            hint = "" if enabled else f" {settings.HOW_TO_ENABLE}"
            raise AttributeError(
                f"module 'stagedoor' has no attribute {name!r}: stagedoor is {state} ({why}).{hint}"
            )
        value = globals()[name] = getattr(module, name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_public_names()})
