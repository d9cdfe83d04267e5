"""`FakeEngine`: shows what a test gives it."""

from __future__ import annotations

from typing import Any, ClassVar
from weakref import WeakSet

from stagedoor.live.engines.picture import Picture, Window


def picture(width: int = 8, height: int = 6, colour: bytes = b"\x01\x02\x03\x00") -> Picture:
    """One colour: blue, green, red."""
    return Picture(colour * width * height, width, height, 4 * width, "BGRX")


class FakeEngine:
    """An `Engine` of which only the picture is looked at."""

    name = "fake 1.0"

    def __init__(self, *shown: Picture | Exception | None) -> None:
        """What `picture()` gives, again and again the last."""
        self.shown: list[Picture | Exception | None] = list(shown) or [picture()]
        self.asked = 0
        self.shape: Window | None = Window("fake", 16, 12, 8, 6)

    def hold(self) -> bool:
        return False

    def release(self) -> None: ...

    def quit(self) -> None: ...

    def window(self) -> Window | None:
        return self.shape

    def picture(self) -> Picture | None:
        self.asked += 1
        found = self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]
        if isinstance(found, Exception):
            raise found
        return found


class FakeOrder:
    """An `Order` that is done when a test says so."""

    def __init__(self, ordered: dict[str, Any]) -> None:
        self.ordered = ordered
        self.is_done = False
        self.is_cancelled = False
        data = b'"file"' if ordered["as_json"] else b"file"
        self.outcome: tuple[bytes, int, int, float] | Exception = (data, 8, 6, 0.001)

    def cancel(self) -> None:
        self.is_cancelled = True

    def take(self) -> tuple[bytes, int, int, float]:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class FakeRaw:
    """A `RawPicture`: `alive` has those that somebody keeps."""

    alive: ClassVar[WeakSet[FakeRaw]] = WeakSet()

    def __init__(self, data: bytes, *, width: int, height: int, **_: object) -> None:
        self.size = (width, height)
        self.alive.add(self)


class FakeStudio:
    """A `Studio` without a thread: its orders are done when `work()` is called."""

    def __init__(self) -> None:
        self.orders: list[FakeOrder] = []
        self.is_busy = False
        self.is_closed = False

    def order(self, picture: object, /, **ordered: Any) -> FakeOrder | None:
        if self.is_busy:
            return None
        order = FakeOrder(ordered)
        self.orders.append(order)
        return order

    def work(self) -> None:
        for order in self.orders:
            order.is_done = True

    def close(self) -> None:
        self.is_closed = True
