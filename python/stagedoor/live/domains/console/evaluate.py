"""`Console`: evaluates code on the game's thread, one piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any, Final, cast

from msgspec import Raw

from stagedoor.live.domains.console.interrupt import Interrupted, Interruptible
from stagedoor.live.domains.console.names import LAST, Names
from stagedoor.live.domains.console.output import printed
from stagedoor.live.domains.console.source import Source
from stagedoor.wire.text import exact, frames_of, is_a, text_of, traceback_of, type_of

MAX_TEXT: Final = 10_000
"""Characters of a value's text, of an error's, and of a traceback."""
MAX_ITEMS: Final = 1000
"""Items of a container that are shown."""


@dataclass(frozen=True, slots=True)
class EvaluationError:
    """Why code has not come to its end."""

    type: str
    """As in `ZeroDivisionError`. `Interrupted`: somebody called `console.interrupt`."""
    message: str
    traceback: str
    """As Python prints it, from the console's own code on; the end of it, if it is long."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of a piece of code."""

    text: str | None
    """What `repr()` says of the value of the last line, 10 000 characters at most; null if the
    last line is no expression, if the value is None, and after an error."""
    value: Any
    """The value itself, if it can be sent as JSON and is not large; otherwise null."""
    printed: str
    """What the code printed to stdout and stderr: 100 000 characters at most."""
    omitted: int
    """How many characters more it printed."""
    error: EvaluationError | None
    """Null: all of the code was run."""
    frame: int
    """The frame in which it ran."""
    seconds: float
    """How long the game's thread took for it."""


@dataclass(frozen=True, slots=True)
class _Shown:
    text: str | None = None
    value: Any = None
    error: EvaluationError | None = None


class Console:
    """Game thread only, but for what `running` says."""

    def __init__(self, encode: Callable[[object], bytes | None]) -> None:
        """`encode`: a value as JSON; None if that cannot be, or is large."""
        self.running = Interruptible()
        """The code that runs now. Another thread can end it."""
        self.last: object = None
        """The value of the last evaluation that had one: `_`."""
        self._encode = encode

    def evaluate(
        self, code: str, names: Names, frame: int, roots: Mapping[str, object]
    ) -> Evaluation:
        """Run code with these names. `roots`: more names. Raises KeyboardInterrupt if it is
        Ctrl-C."""
        began = perf_counter()
        with printed() as output:
            shown = self._run(code, names, roots)
        return Evaluation(
            text=shown.text,
            value=shown.value,
            printed=output.text,
            omitted=output.omitted,
            error=shown.error,
            frame=frame,
            seconds=perf_counter() - began,
        )

    def _run(self, code: str, names: Names, roots: Mapping[str, object]) -> _Shown:
        try:
            source = Source(code)
        except Exception as error:
            return _Shown(error=_told(error))
        more = {**roots, LAST: self.last}
        with names.lend({name: more[name] for name in source.names & more.keys()}):
            try:
                return self.running.run(lambda: self._shown(source, names))
            except Interrupted as error:
                return _Shown(error=_told(error))

    def _shown(self, source: Source, names: Names) -> _Shown:
        """All that may take long or run code of the game: also to show a value or an error."""
        try:
            value = source.run(names.globals, names.locals)
            if value is None:
                return _Shown()
            self.last = value
            excerpt = _excerpt(value)
            sent = self._encode(value) if excerpt is value else None
            text = exact(repr(excerpt))
            if len(text) > MAX_TEXT or excerpt is not value:
                text = f"{text[:MAX_TEXT]}..."
            return _Shown(text, None if sent is None else cast(Any, Raw(sent)))
        except (Interrupted, KeyboardInterrupt):
            raise
        except BaseException as error:
            return _Shown(error=_told(error))


def _told(error: BaseException) -> EvaluationError:
    trace = frames_of(error)
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<console "):
        trace = trace.tb_next
    BaseException.__dict__["__traceback__"].__set__(error, trace)
    message = text_of(error)
    if is_a(error, Interrupted):
        message = "console.interrupt ended it"
    return EvaluationError(type_of(error), message[:MAX_TEXT], traceback_of(error)[-MAX_TEXT:])


def _excerpt(value: object) -> object:
    """The first items of a large container; otherwise the value itself."""
    kind = type(value)
    if kind in (list, tuple, str, bytes, bytearray):
        sliced = cast(list[object], value)
        most = MAX_ITEMS if kind in (list, tuple) else MAX_TEXT
        return value if len(sliced) <= most else sliced[:most]
    if kind in (dict, set, frozenset):
        items = cast(dict[object, object], value)
        if len(items) > MAX_ITEMS:
            first = islice(items.items() if kind is dict else items, MAX_ITEMS)
            return cast(Any, kind)(first)
    return value
