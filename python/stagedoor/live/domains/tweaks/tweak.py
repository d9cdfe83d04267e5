"""`Tweak`: one value of the game that clients may set, within its bounds."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from stagedoor.bounds import Bounds
from stagedoor.live.reach.members import Way, attribute
from stagedoor.live.reach.plain import MISSING, class_attribute, first_of
from stagedoor.wire.errors import HandlerError, InvalidParams
from stagedoor.wire.text import exact

Scalar: TypeAlias = bool | int | float | str
Kind: TypeAlias = type[bool] | type[int] | type[float] | type[str]

KINDS: Final[tuple[Kind, ...]] = (bool, int, float, str)
"""The types that a tweak may have, each exactly: no subclass of them."""
EXPECTED: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
"""What clients are told to send."""
_SHOWN: Final = {bool: (bool,), int: (int, float), float: (float, int), str: (str,)}
"""The types of a value that is shown: the game may set a number of the other kind."""
MAX_TEXT: Final = 10_000
"""The most characters of a text that is shown or set."""
LARGEST: Final = 2**63 - 1
"""The largest whole number that is shown or set, and the least is as far from 0."""


@dataclass(frozen=True, slots=True)
class TweakInfo:
    """A value of the game that clients may set."""

    name: str
    type: Literal["bool", "int", "float", "str"]
    value: Scalar | None
    """What it is now; null if it cannot be told: `problem` says why. A value behind a property is
    the one that was last set or reset."""
    default: Scalar
    """What it was when the game offered it, or what was saved into the source since."""
    changed: bool
    """It is not the default now."""
    low: float | None
    """The least number that may be set; null: any."""
    high: float | None
    """The largest number that may be set; null: any."""
    step: float | None
    """By how much a slider moves; null: the game does not say."""
    choices: list[Scalar] | None
    """The only values that may be set; null: all within the bounds."""
    unit: str
    """What the number counts, for people."""
    problem: str | None
    """Why it has no value, or cannot be set: its object is gone, it has another type now."""


class Unreadable(Exception):  # noqa: N818
    """A tweak has no value that can be told. The text says why."""


class Tweak:
    """An attribute of an object, a class or a module.

    It refers to its owner weakly where the owner's type allows that. Reading runs no code of the
    game; setting runs what the game has made of `setattr`. Game thread only, except reading.
    """

    def __init__(
        self, name: str, owner: object, attribute: str, kind: Kind, bounds: Bounds, default: Scalar
    ) -> None:
        self.name = name
        self.attribute = attribute
        self.kind = kind
        self.bounds = bounds
        self.default = default
        self._known: object = default
        """What was last set, of a value that only the game's code can read."""
        self._owner = reference(owner)

    @property
    def owner(self) -> object | None:
        """The object that has the attribute; None if it is gone."""
        return self._owner()

    def read(self) -> Scalar:
        """The value now. Raises Unreadable."""
        owner = self._owner()
        if owner is None:
            raise Unreadable("its object is gone")
        found = stored(owner, self.attribute)
        value = self._known if found is UNSTORED else found
        if not any(type(value) is kind for kind in _SHOWN[self.kind]):
            raise Unreadable(f"it is no {self.kind.__name__} now")
        if type(value) is str and len(value) > MAX_TEXT:
            raise Unreadable(f"its text has more than {MAX_TEXT} characters")
        if type(value) is int and abs(value) > LARGEST:
            raise Unreadable("its number has more than 63 bits")
        return value  # type: ignore[return-value]

    def set(self, value: object, path: str = "$.value") -> None:
        """Set it to a value from outside. `path`: where the value is in the params. Raises
        InvalidParams for one that does not fit, and what `put()` raises."""
        self.put(self.fit(value, path))

    def put(self, value: Scalar) -> None:
        """Set it to a value that fits. Raises HandlerError if its object is gone, and what the
        game's code raises."""
        owner = self._owner()
        if owner is None:
            raise HandlerError("Gone", f"the object of {self.name} is gone")
        setattr(owner, self.attribute, value)
        self._known = getattr(owner, self.attribute)

    def fit(self, value: object, path: str = "$.value") -> Scalar:
        """The value as this tweak takes it: by its type and bounds. Raises InvalidParams."""
        found = converted(value, self.kind)
        if found is None:
            raise InvalidParams(f"expected {self.expected}, got {brief(value)}", path)
        low, high, choices = self.bounds.low, self.bounds.high, self.bounds.choices
        if choices is not None:
            if not any(type(one) is type(found) and one == found for one in choices):
                raise InvalidParams(f"expected {self.expected}, got {brief(value)}", path)
        elif isinstance(found, int | float) and not (
            (low is None or found >= low) and (high is None or found <= high)
        ):
            raise InvalidParams(f"expected {self.expected}, got {brief(value)}", path)
        return found

    @property
    def expected(self) -> str:
        """What may be set, for people."""
        low, high, _, choices, unit = self.bounds
        if choices is not None:
            return "one of " + ", ".join(map(brief, choices))
        unit = f" {unit}" if unit else ""
        what = EXPECTED[self.kind]
        if low is not None and high is not None:
            return f"{what} from {low:g} to {high:g}{unit}"
        if low is not None:
            return f"{what} of at least {low:g}{unit}"
        if high is not None:
            return f"{what} of at most {high:g}{unit}"
        return what

    def info(self) -> TweakInfo:
        """What clients are told of it."""
        value, problem = None, None
        try:
            value = self.read()
        except Unreadable as error:
            problem = str(error)
        low, high, step, choices, unit = self.bounds
        return TweakInfo(
            name=self.name,
            type=self.kind.__name__,  # type: ignore[arg-type]
            value=exact(value) if type(value) is str else value,
            default=exact(self.default) if type(self.default) is str else self.default,
            changed=problem is None and not same(value, self.default),
            low=low,
            high=high,
            step=step,
            choices=None if choices is None else list(choices),
            unit=unit,
            problem=problem,
        )


def converted(value: object, kind: Kind) -> Scalar | None:
    """A value of a message or a file as one of this kind, by its exact type; None: it is none."""
    if type(value) is kind:
        if kind is float and not math.isfinite(value):  # type: ignore[arg-type]
            return None
        if kind is str and len(value) > MAX_TEXT:  # type: ignore[arg-type]
            return None
        if kind is int and abs(value) > LARGEST:  # type: ignore[arg-type]
            return None
        return value
    if kind is float and type(value) is int and abs(value) <= LARGEST:
        return float(value)
    if kind is int and type(value) is float and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return None


def same(one: object, other: object) -> bool:
    """Whether two values are equal, True and 1 apart; NaN equals itself."""
    if (type(one) is bool) != (type(other) is bool):
        return False
    return one == other or (one != one and other != other)


def reference(owner: object) -> Callable[[], object | None]:
    """Refers to an object, weakly where its type allows that."""
    try:
        return weakref.ref(owner)
    except TypeError:
        return lambda: owner


UNSTORED: Final = object()
"""What `stored()` returns for an attribute that only code of the game can read."""


def stored(owner: object, name: str) -> object:
    """The value of an attribute as it is stored, without running any code of the game."""
    if first_of(owner, (type,)) is not None:
        found = class_attribute(owner, name)  # type: ignore[arg-type]
        is_lazy = class_attribute(type(found), "__get__") is not MISSING
        return UNSTORED if is_lazy else found
    reached = attribute(owner, name, is_root=True)
    return UNSTORED if reached is None or reached.way is not Way.VALUE else reached.value


def brief(value: object) -> str:
    """A value for people, in at most 100 characters."""
    if type(value) is int and abs(value) > LARGEST:
        return "a number of more than 63 bits"
    text = repr(value) if type(value) in KINDS else type(value).__name__
    return text if len(text) <= 100 else f"{text[:97]}..."
