"""`console`: evaluate code in the game. Only in a stage that was started with `console=True`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from stagedoor.live.domains.console.complete import Completions, completions
from stagedoor.live.domains.console.evaluate import Console, Evaluation
from stagedoor.live.domains.console.names import Names, names_of, names_of_game
from stagedoor.live.language.tokens import SyntaxFault
from stagedoor.live.net import threads
from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.roots import GONE, MAIN
from stagedoor.live.reach.walk import resolve
from stagedoor.live.rpc.session import Session
from stagedoor.live.rpc.stall import Place
from stagedoor.wire.encoding import to_json
from stagedoor.wire.errors import HandlerError, InvalidParams
from stagedoor.wire.roles import Role
from stagedoor.wire.size import UnsendableError

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_CODE: Final = 100_000
"""Characters of a piece of code."""
MAX_VALUE: Final = 100_000
"""Bytes of a value as JSON."""
PATIENCE: Final = 0.25
"""Seconds that an interrupt waits to see the evaluation end."""
_LOOK: Final = 0.005

BUSY: Final = "a console evaluation of session {} is under way; console.interrupt ends it"
NOTHING_RUNS: Final = "nothing runs"
ENDED: Final = "the evaluation has ended, and the game goes on"
GOES_ON: Final = (
    "the evaluation has not ended yet: a call of C code, as time.sleep(), cannot be interrupted, "
    "and ends first; code that catches every exception needs another interrupt"
)

PathText = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
Code = Annotated[str, msgspec.Meta(max_length=MAX_CODE)]


@dataclass(frozen=True, slots=True)
class Interruption:
    """What came of an interrupt."""

    running: bool
    """An evaluation was under way."""
    ended: bool
    """It has ended: within a quarter of a second."""
    where: Place | None
    """The line of code that it was in; null if nothing ran."""
    advice: str
    """The same for people, and what to do."""


def add_to(parts: Parts, /) -> None:
    """Register the domain, which lets admins run any code."""
    hub = parts.hub
    console = Console(_encode_with(parts))
    caller: int | None = None
    """Whose code runs."""

    def evaluate(session: Session, code: Code, path: PathText | None = None) -> Evaluation:
        """Run Python code in the game, as if it stood in its main module, or in an object's method.

        `code`: at most 100 000 characters; several lines are fine. Names are those of the game's
        `__main__`, then the roots of `objects`. With a `path` they are the attributes of the object
        there, which `self` is, and what its module has: `hp = 3` sets an attribute. `_` is the
        value of the last evaluation that had one.

        If the last line is an expression, the answer has its value. What the code prints is in the
        answer, too, and so is the exception that ended it: the game goes on. The game stands still
        until the code has ended, for which there is no timeout; `console.interrupt` ends it, and so
        does a caller that leaves.

        >>> evaluate("len(world.rocks)")
        """
        nonlocal caller
        if caller is not None:  # the code that runs has come here
            raise HandlerError("ConsoleBusy", BUSY.format(caller))
        names = _names(path)
        caller, hub.occupied = session.id, BUSY.format(session.id)
        try:
            return console.evaluate(code, names, hub.frame, _roots())
        finally:
            caller, hub.occupied = None, None

    def complete(code: Code, path: PathText | None = None) -> Completions:
        """The names that the end of some code could go on with. No code of the game runs for it.

        `code` and `path`: as for `console.evaluate`.
        """
        return completions(code, _names(path), _roots())

    def interrupt() -> Interruption:
        """End the evaluation that is under way, from another connection or from the same one.

        It is answered when the game has stood still for a second. The code gets the exception
        `Interrupted`, which `except Exception` does not catch; `finally` blocks run. A call of C
        code cannot be interrupted, as `time.sleep()`: then the answer says so, and the exception
        comes when the call returns.
        """
        where = console.running.where
        if not console.running.interrupt():
            return Interruption(False, False, None, NOTHING_RUNS)
        pause = threads.Lock()
        pause.acquire()
        for _ in range(round(PATIENCE / _LOOK)):
            if not console.running.is_running:
                return Interruption(True, True, where, ENDED)
            pause.acquire(timeout=_LOOK)
        return Interruption(True, False, console.running.where or where, GOES_ON)

    def _gone(session: int) -> None:
        """Nobody waits for what its code does: that must not keep the game."""
        if session == caller:
            console.running.interrupt()

    def _roots() -> dict[str, object]:
        found = {root.name: root.value for root in parts.roots.exposed() if root.name != MAIN}
        return {name: value for name, value in found.items() if value is not GONE}

    def _names(path: str | None) -> Names:
        if path is None:
            return names_of_game()
        try:
            return names_of(resolve(parts.roots, path, Role.ADMIN))
        except (SyntaxFault, ReachFault) as fault:
            raise InvalidParams(str(fault), "$.path") from None

    hub.on_gone.append(_gone)
    methods = hub.methods
    methods.add_built_in(
        evaluate, "console.evaluate", role="admin", timeout=None, with_session=True
    )
    methods.add_built_in(complete, "console.complete", role="admin")
    methods.add_built_in(interrupt, "console.interrupt", role="admin", anytime=True)


def _encode_with(parts: Parts) -> Callable[[object], bytes | None]:
    encoder = parts.hub.encoder

    def encode(value: object) -> bytes | None:
        try:
            return to_json(value, encoder, MAX_VALUE)
        except UnsendableError:
            return None

    return encode
