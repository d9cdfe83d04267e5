"""The stage that does nothing: `stagedoor.start()` returns it while stagedoor is disabled.

`DormantStage` has every public method of the live `Stage`, with the same parameters, so that a
game runs the same code either way. Decorators return the function unchanged, and `tick` returns
its argument. Nothing listens, and nothing is stored. Any thread may call any of it.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

if TYPE_CHECKING:
    from stagedoor.wire.roles import RoleName

Function = TypeVar("Function", bound=Callable[..., Any])


class _Yield(Awaitable[None]):
    """Lets the event loop run other tasks once, as `asyncio.sleep(0)` does. Imports no asyncio."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        yield


_YIELD = _Yield()


class _NoSpan:
    """Measures nothing."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


_NO_SPAN = _NoSpan()


class DormantStage:
    """A stage that listens nowhere and does nothing."""

    __slots__ = ("_ticked", "name")

    enabled: Literal[False] = False
    """Whether clients can reach the game."""
    url: None = None
    port: None = None

    name: str
    """The name that was given to `stagedoor.start()`; empty if there was none."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or ""
        self._ticked: float | None = None

    def __repr__(self) -> str:
        return f"<stagedoor stage {self.name!r}, dormant>"

    # The loop

    def tick(self, dt: float | None = None) -> float:
        """Return `dt` (seconds) unchanged. None: the seconds since the last tick without a `dt`."""
        return self._measured() if dt is None else dt

    async def frame(self, dt: float | None = None) -> float:
        """`tick()`, after the event loop has run other tasks once."""
        await _YIELD
        return self._measured() if dt is None else dt

    def _measured(self) -> float:
        now = perf_counter()
        before, self._ticked = self._ticked, now
        return 0.0 if before is None else now - before

    def span(self, name: str) -> _NoSpan:
        """Measure nothing."""
        return _NO_SPAN

    def close(self) -> None:
        """Do nothing."""

    def describe(self) -> dict[str, Any]:
        """Return an empty dict: the stage offers nothing."""
        return {}

    # What the game offers

    @overload
    def rpc(self, function: Function, /) -> Function: ...
    @overload
    def rpc(
        self,
        function: None = None,
        /,
        *,
        name: str | None = None,
        role: "RoleName" = "operator",
        timeout: float | None = 5.0,
        thread: bool = False,
    ) -> Callable[[Function], Function]: ...
    def rpc(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        role: "RoleName" = "operator",
        timeout: float | None = 5.0,
        thread: bool = False,
    ) -> Any:
        """Return the function unchanged, both as `@stage.rpc` and as `@stage.rpc(name=...)`."""
        return _unchanged if function is None else function

    def rpc_all(self, prefix: str, instance: object, /, *, role: "RoleName" = "operator") -> None:
        """Do nothing."""

    def remove(self, name: str, /) -> None:
        """Do nothing."""

    def encoder(self, kind: type, encode: Callable[[Any], Any], /) -> None:
        """Do nothing."""

    def watch(
        self, name: str, read: Callable[[], Any], /, *, description: str = "", history: int = 0
    ) -> None:
        """Do nothing: `read` is never called."""

    def unwatch(self, name: str, /) -> None:
        """Do nothing."""

    def emit(self, topic: str, data: object, /) -> None:
        """Do nothing."""

    def expose(self, name: str, value: object, /, *, methods: Iterable[str] = ()) -> None:
        """Do nothing: the object is not kept."""

    def unexpose(self, name: str, /) -> None:
        """Do nothing."""

    def tweak(
        self,
        name: str,
        owner: object,
        attribute: str | None = None,
        *,
        low: float | None = None,
        high: float | None = None,
        step: float | None = None,
        choices: Sequence[bool | int | float | str] | None = None,
        unit: str = "",
    ) -> None:
        """Do nothing."""

    def node(
        self,
        name: str,
        target: object = None,
        /,
        *,
        each: Callable[[], Iterable[object]] | None = None,
        rect: object = None,
        text: str | Callable[..., str | None] | None = None,
        visible: bool | Callable[..., bool] | None = None,
        enabled: bool | Callable[..., bool] | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """Do nothing: no function is called, and no object is kept."""

    def remove_node(self, name: str, /) -> None:
        """Do nothing."""

    def rotate_tokens(self) -> None:
        """Do nothing: there are no tokens."""


def _unchanged(function: Function) -> Function:
    return function
