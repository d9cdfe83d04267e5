"""How a game is: `Health`, as far as a client knows. `health_of()` reads it from `game.status`,
`health_in()` from the topic `game.stalled`, and `health_in_ping()` from a ping."""

import re
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from stagedoor.wire.jsonrpc import UNREADABLE

STATUS: Final = "game.status"
STALLED: Final = "game.stalled"

State: TypeAlias = Literal["running", "paused", "stepping", "stalled", "silent", "unknown"]
"""`stepping`: it is paused, but runs the frames that were asked for. `stalled`: it does not come to
its next frame. `silent`: not even its process is heard of."""

SILENT: Final = "its process exists, but does not answer: it is stopped, or in a debugger"
"""What is said of a game on this machine whose process is not heard of."""


class Health(NamedTuple):
    """How a game is."""

    state: State
    stalled_for: float | None = None
    """Seconds that it has not come to its next frame; None: not stalled, or not known."""
    where: str | None = None
    """The line of code that it is in, as in `game.py:12, in update`; None: not known."""
    advice: str | None = None
    """What to do about a stalled game that has had no frame; None: it has had one."""
    steps: int | None = None
    """How many frames are left of those that it steps through; None: it does not step."""

    def __str__(self) -> str:
        """The end of a sentence: as in `the game is paused`; empty if nothing is known."""
        if self.state == "stepping":
            left = "1 frame is" if self.steps == 1 else f"{self.steps} frames are"
            return f"the game is stepping, {left} left"
        if self.state != "stalled":
            return _SAID[self.state]
        if self.stalled_for is None:
            return "the game hangs: its process answers pings, but runs no Python code"
        place = f", in {self.where}" if self.where else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"the game has been stalled for {self.stalled_for:.1f} s{place}{advice}"


UNKNOWN: Final = Health("unknown")
_PING: Final = re.compile(r"stalled (\d{1,12}\.\d{3})(?: in (.+))?", re.ASCII)
_SAID: Final = {
    "running": "the game goes on meanwhile",
    "paused": "the game is paused",
    "silent": "nor are pings answered: the game's process is stopped, or in a debugger",
    "unknown": "",
}


class _Place(msgspec.Struct, gc=False):
    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}, in {self.function}"


class _Status(msgspec.Struct, gc=False):
    paused: bool = False
    steps: int = 0
    stalled_for: float = 0.0
    where: _Place | None = None
    advice: str | None = None


class _Stalled(msgspec.Struct, gc=False):
    stalled: bool
    stalled_for: float
    where: _Place | None = None


def health_in(told: object) -> Health:
    """What a value of the topic `game.stalled` says."""
    try:
        said = msgspec.convert(told, _Stalled)
    except UNREADABLE:
        return UNKNOWN
    if not said.stalled:
        return Health("running")
    return Health("stalled", said.stalled_for, None if said.where is None else str(said.where))


def health_in_ping(payload: bytes) -> Health:
    """What a ping says, as in `stalled 12.345 in game.py:12, in load`. The network thread of a game
    sends such pings while the game holds Python's lock."""
    said = _PING.fullmatch(payload.decode("utf-8", "replace"))
    return UNKNOWN if said is None else Health("stalled", float(said[1]), said[2])


def health_of(status: object) -> Health:
    """What the result of `game.status` says."""
    try:
        said = msgspec.convert(status, _Status)
    except UNREADABLE:
        return UNKNOWN
    if said.stalled_for > 0:
        where = None if said.where is None else str(said.where)
        return Health("stalled", said.stalled_for, where, said.advice)
    if said.paused and said.steps > 0:
        return Health("stepping", steps=said.steps)
    return Health("paused" if said.paused else "running")
