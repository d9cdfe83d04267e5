"""What verbs share that go on while a game hangs or is gone: `patiently()` waits for it, and
`attend()` says what is wrong with it."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeVar

from stagedoor.cli.game import GONE

if TYPE_CHECKING:
    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.asyncio.streams import AsyncSubscription
    from stagedoor.client.health import Health

TURN: Final = 0.1
"""Seconds between two looks at the game."""
AGAIN: Final = 0.5
"""Seconds before another call to a game that hangs or is gone."""
ANSWER: Final = 3.0
"""Seconds that a game has to say how it is. One that hangs says so after one second."""

T = TypeVar("T")


class Trouble(NamedTuple):
    """What is wrong with a game."""

    kind: Literal["", "hangs", "gone"]
    text: str = ""


FINE: Final = Trouble("")


class Live(Protocol):
    """A subscription."""

    @property
    def is_live(self) -> bool:
        """Whether the game sends values now."""


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """What the call returns. As long as the game hangs or is gone, it is made again. Raises any
    other error of the call."""
    import asyncio

    from stagedoor.client.errors import ClientError
    from stagedoor.wire.errors import RpcError

    while True:
        try:
            return await call()
        except (ClientError, RpcError) as error:
            if not _may_pass(error):
                raise
        await asyncio.sleep(AGAIN)


async def attend(
    game: "AsyncClient",
    watched: Sequence[Live],
    tell: Callable[[str], object],
    look: Callable[[], object] = lambda: None,
) -> None:
    """Tell when the game hangs or is gone, and, with an empty text, when it is back. `look` is
    called in each turn. Runs until it is cancelled."""
    import asyncio

    from stagedoor.client.health import UNKNOWN, health_in

    told, health = FINE, UNKNOWN
    news: asyncio.Task[AsyncSubscription | None] | None = None
    try:
        while True:
            await asyncio.sleep(TURN)
            if not all(one.is_live for one in watched):
                # What a subscription says is old.
                trouble, health = await _trouble(game), UNKNOWN
            else:
                news = news or asyncio.create_task(_news_of_stalls(game))
                stalls = news.result() if news.done() else None
                while stalls is not None and stalls.waiting:
                    health = health_in((await stalls.get()).value)
                trouble = _trouble_of(health) or FINE
            if trouble is not None and trouble.kind != told.kind:
                told = trouble
                tell(trouble.text)
            look()
    finally:
        if news is not None:
            news.cancel()


async def _news_of_stalls(game: "AsyncClient") -> "AsyncSubscription | None":
    from stagedoor.client.errors import ClientError
    from stagedoor.client.health import STALLED
    from stagedoor.wire.errors import RpcError

    with suppress(ClientError, RpcError):  # without that topic, only its end can be told
        return await patiently(lambda: game.subscribe(STALLED))
    return None


async def _trouble(game: "AsyncClient") -> Trouble | None:
    """What is wrong with a game that sends nothing; None: that is not known."""
    from stagedoor.client.errors import CallTimeoutError, ClientError
    from stagedoor.client.health import STATUS, health_of
    from stagedoor.wire.errors import RpcError

    try:
        return _trouble_of(health_of(await game.with_timeout(ANSWER).call(STATUS)))
    except CallTimeoutError as error:
        return _trouble_of(error.health)
    except RpcError:
        return None
    except ClientError as error:
        return Trouble("gone", GONE) if _may_pass(error) else None


def _trouble_of(health: "Health") -> Trouble | None:
    if health.state == "silent":
        return Trouble("hangs", f"the game does not answer, {health}")
    if health.state == "stalled":
        return Trouble("hangs", str(health))
    return None if health.state == "unknown" else FINE


def _may_pass(error: Exception) -> bool:
    """Whether an error says that the game hangs or is gone, and may come back."""
    from stagedoor.client.errors import (
        CallTimeoutError,
        CannotConnectError,
        ConnectionLostError,
        NoGameError,
    )
    from stagedoor.client.find.retry import Retry
    from stagedoor.wire.errors import GameStalled

    if isinstance(error, CallTimeoutError):
        return error.health.state in ("stalled", "silent")
    if isinstance(error, CannotConnectError | ConnectionLostError | NoGameError):
        return not Retry(allowed=True).gives_up(error)
    return isinstance(error, GameStalled)
