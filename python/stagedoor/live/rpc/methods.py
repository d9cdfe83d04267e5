"""`Method` and `Methods`: the functions that clients can call, by name."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from stagedoor import checks
from stagedoor._core import FastMethod, FastMethods
from stagedoor.live.rpc.signature import Arguments, Signature
from stagedoor.wire.errors import MethodNotFound
from stagedoor.wire.roles import ROLE_NAMES, Role, RoleName
from stagedoor.wire.secrecy import names_secret

NAME: Final = re.compile(r"[a-z]\w*(\.[a-z]\w*)*", re.IGNORECASE | re.ASCII)
"""The names that a method may have, such as `spawn` and `player.heal`."""
RESERVED: Final = "rpc."
"""The prefix that JSON-RPC 2.0 keeps for itself."""
DEFAULT_TIMEOUT: Final = 5.0
"""Seconds that a call may take."""


class Kind(enum.Enum):
    """How a method runs."""

    PLAIN = "plain"
    """On the game's thread, at once."""
    COROUTINE = "coroutine"
    """On the game's thread, in its asyncio loop or in one that the stage steps."""
    GENERATOR = "generator"
    """On the game's thread, one step a frame. The values that it yields are progress."""
    THREAD = "thread"
    """On a thread of its own."""


class Method:
    """A function that clients can call."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        role: RoleName = "operator",
        timeout: float | None = DEFAULT_TIMEOUT,
        thread: bool = False,
        with_session: bool = False,
        anytime: bool = False,
        is_single: bool = False,
    ) -> None:
        self.name = name
        self.function = function
        check_options(role, timeout, thread)
        self.role = Role.named(role)
        self.timeout = None if timeout is None else float(timeout)
        """Seconds; None: no timeout."""
        self.kind = _kind(name, function, thread)
        self.with_session = with_session
        """The function's first parameter is the caller's session. Built-in methods only."""
        self.is_single = is_single
        """One thread at a time runs it, whoever calls. Built-in methods only."""
        self.anytime = anytime
        """The understudy may call it on its own thread while the game is stalled, so it must be
        safe wherever the game's thread is in its code. It takes all steps of a generator at once.
        Built-in plain methods and generators only."""
        if anytime and self.kind not in (Kind.PLAIN, Kind.GENERATOR):
            raise TypeError(f"{name}: only plain functions and generators run at any time")
        self.signature = Signature(function, given=1 if with_session else 0)
        self.description: object = None
        """What `rpc.discover` says of it, once somebody has asked."""
        self.takes_secrets = any(names_secret(p.name) for p, _ in self.signature.parameters)
        """Its params must not be written to a log or to the audit."""
        self.is_audited = self.role > Role.VIEWER or self.takes_secrets

    def fast(self) -> FastMethod[Method] | None:
        """The method for the fast path, if it can take it.

        It must be a plain method without a session, and without parameters that can be given only
        by name.
        """
        signature = self.signature
        if self.kind is not Kind.PLAIN or self.with_session or signature.by_name_only:
            return None
        return FastMethod(
            self,
            name=self.name,
            function=self.function,
            decode_object=signature.by_name.decode,
            decode_array=signature.by_position.decode,
            role=self.role,
            is_audited=self.is_audited,
            takes_secrets=self.takes_secrets,
        )

    def invoke(self, session: object, arguments: Arguments) -> Any:
        """Call the function for the caller with this session."""
        positional, by_name = arguments
        if self.with_session:
            positional = (session, *positional)
        if by_name:
            return self.function(*positional, **by_name)
        return self.function(*positional)  # to merge an empty mapping takes 2 000 instructions


class Methods:
    """The methods of one stage. Registering a name again replaces its method.

    Only the game's thread may change them. Any thread may read them.
    """

    def __init__(self) -> None:
        self.by_name = _Table()
        """Raises MethodNotFound for an unknown name."""
        self.fast: FastMethods[Method] = FastMethods()
        """The methods that can take the fast path."""
        self.built_in: set[str] = set()
        """The names of stagedoor's own."""
        self.changes = 0
        """How often methods came or went."""
        self.on_change: Callable[[], None] = lambda: None
        """Called after each change."""

    def add(self, function: Callable[..., Any], name: str | None = None, **options: Any) -> None:
        """Let clients call a function, by its own name unless `name` is given.

        `options` are those of `Method`. Raises ValueError for a name or option that is not allowed,
        and TypeError for a function whose params JSON cannot fill.
        """
        if not callable(function):
            raise TypeError(f"expected a function, not {checks.kind_of(function)}")
        if name is None:
            name = getattr(function, "__name__", "")
        self.check_name(name)
        self._register(name, function, **options)

    def check_name(self, name: object) -> None:
        """Raise TypeError or ValueError for what the game cannot call a method."""
        _check_name(name)
        name = str(name)
        if name.startswith(RESERVED):
            raise ValueError(f"{name}: names that begin with 'rpc.' belong to JSON-RPC itself")
        if name in self.built_in:
            raise ValueError(f"{name}: this is a built-in method; choose another name")

    def add_built_in(self, function: Callable[..., Any], name: str, **options: Any) -> None:
        """`add()` for stagedoor itself, which may use reserved names."""
        _check_name(name)
        self._register(name, function, **options)
        self.built_in.add(name)

    def _register(self, name: str, function: Callable[..., Any], **options: Any) -> None:
        method = Method(name, function, **options)
        self.by_name[name] = method
        if (fast := method.fast()) is None:
            self.fast.discard(name)
        else:
            self.fast.add(name, fast)
        self._changed()

    def _changed(self) -> None:
        self.changes += 1
        self.on_change()

    def add_all(self, prefix: str, instance: object, **options: Any) -> None:
        """Let clients call each public method of an object, as `prefix.method`."""
        _check_name(checks.text("prefix", prefix), "prefix")
        if isinstance(instance, type):
            raise TypeError(f"instance must be an object, not the class {instance.__qualname__}")
        kind = type(instance)
        names = [
            name
            for name in dir(kind)
            # A property must not be read, nor anything else run.
            if not name.startswith("_") and inspect.isroutine(_plainly(kind, name))
        ]
        if not names:
            raise TypeError(f"{type(instance).__qualname__} has no public method")
        for name in names:
            self.add(getattr(instance, name), f"{prefix}.{name}", **options)

    def remove(self, name: str) -> None:
        """Remove a method. Calls that are under way go on. Raises KeyError for an unknown name, and
        ValueError for a built-in method."""
        if checks.text("name", name) in self.built_in:
            raise ValueError(f"{name}: this is a built-in method; it cannot be removed")
        if name not in self.by_name:
            raise KeyError(f"there is no method {name!r}")
        del self.by_name[name]
        self.fast.discard(name)
        self._changed()

    def get(self, name: str) -> Method | None:
        """The method of that name."""
        return self.by_name.get(name)

    def __iter__(self) -> Iterator[Method]:
        """Any thread may iterate. Methods may come and go meanwhile."""
        return iter(self.by_name.copy().values())


class _Table(dict[str, Method]):
    def __missing__(self, name: str) -> Method:
        raise MethodNotFound(name)


def check_options(role: object, timeout: object, thread: object) -> None:
    """Raise TypeError or ValueError for options that `Method` does not take."""
    checks.one_of("role", role, ROLE_NAMES)
    if timeout is not None:
        checks.seconds("timeout", timeout)
    checks.flag("thread", thread)


def _check_name(name: object, what: str = "name") -> None:
    if not NAME.fullmatch(checks.text(what, name, may_be_empty=True)):
        raise ValueError(f"{what} must be like 'spawn' or 'player.heal', not {name!r}")


def _plainly(kind: type, name: str) -> object:
    """What a class has under this name; of a static or class method, the function."""
    found = inspect.getattr_static(kind, name)
    return found.__func__ if isinstance(found, staticmethod | classmethod) else found


def _kind(name: str, function: Callable[..., Any], thread: bool) -> Kind:
    kind = Kind.PLAIN
    for candidate in (function, getattr(function, "__call__", None)):  # noqa: B004
        if inspect.isasyncgenfunction(candidate):
            raise TypeError(f"{name}: an async generator cannot be a method; make it a generator")
        if inspect.iscoroutinefunction(candidate):
            kind = Kind.COROUTINE
        elif inspect.isgeneratorfunction(candidate):
            kind = Kind.GENERATOR
    if thread and kind is not Kind.PLAIN:
        raise TypeError(f"{name}: thread=True is for plain functions, not for a {kind.value}")
    return Kind.THREAD if thread else kind
