"""`FakeDriver`: a driver that ticks no stage, and says what it was told."""

from __future__ import annotations

from types import TracebackType

from stagedoor.live.engines.turns import Kind


class Waits:
    """Counts waits, and knows whether there is one now."""

    def __init__(self) -> None:
        self.count = 0
        self.is_on = False

    def __enter__(self) -> None:
        assert not self.is_on
        self.is_on = True
        self.count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_on = False


class FakeDriver:
    """Ends a frame at every place of the kinds in `ends`, each of which takes `stage` seconds."""

    def __init__(self, *ends: Kind) -> None:
        self.ends = ends
        self.waiting = Waits()
        self.timescale = 1.0
        self.here = True
        self.drives = True
        self.gone = 0.0
        self.stage = 0.0
        self.told: list[tuple[Kind, object]] = []
        """Each place that was passed."""
        self.shown: list[object] = []
        """The source of each picture that was about to be shown."""
        self.frames: list[float | None] = []
        """The seconds of each frame that ended."""

    def is_here(self) -> bool:
        return self.here

    def is_driving(self) -> bool:
        return self.drives

    def away(self) -> float:
        return self.gone

    def about_to_show(self, source: object = None) -> None:
        self.shown.append(source)

    def passes(self, kind: Kind, key: object, passed: float | None = None) -> float | None:
        assert not self.waiting.is_on
        self.told.append((kind, key))
        if kind not in self.ends:
            return None
        self.frames.append(passed)
        self.gone += self.stage
        return (passed or 0.0) * self.timescale

    @property
    def kinds(self) -> list[Kind]:
        """The kind of each place that was passed."""
        return [kind for kind, _ in self.told]
