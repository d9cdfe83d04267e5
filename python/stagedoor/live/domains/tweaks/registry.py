"""`Tweaks`: what the game lets clients tune, by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from stagedoor import checks
from stagedoor.bounds import Bounds
from stagedoor.live.domains.tweaks.annotated import Hint, hints_of
from stagedoor.live.domains.tweaks.tweak import KINDS, MAX_TEXT, Kind, Scalar, Tweak, converted
from stagedoor.wire.text import exact, with_article

MAX_TWEAKS: Final = 1000
"""The most tweaks of a stage. Those whose object is gone make room first."""
MAX_NAME: Final = 200
"""The most characters of a name."""
MAX_CHOICES: Final = 100


class Tweaks:
    """The tweaks of one stage. Any thread may read them."""

    def __init__(self) -> None:
        self.by_name: dict[str, Tweak] = {}
        self.on_add: Callable[[Tweak], None] = lambda _: None
        """Called with each tweak that was added."""

    def add(
        self,
        name: object,
        owner: object,
        attribute: str | None,
        *,
        low: float | None,
        high: float | None,
        step: float | None,
        choices: Sequence[Scalar] | None,
        unit: str,
    ) -> None:
        """What `Stage.tweak()` does. Raises TypeError, ValueError, or AttributeError."""
        name = exact(checks.text("name", name))
        given = Bounds(low, high, step, choices, unit)
        hints = hints_of(owner)
        if attribute is None:
            self._add_annotated(name, owner, given, hints)
            return
        hint = hints.get(checks.text("attribute", attribute), Hint(None, None))
        bounds = given if given != Bounds() or hint.bounds is None else hint.bounds
        self._add(name, owner, attribute, bounds, hint)

    def _add_annotated(
        self, prefix: str, owner: object, given: Bounds, hints: dict[str, Hint]
    ) -> None:
        if given != Bounds():
            raise TypeError("low, high, step, choices and unit belong to one attribute: name it")
        found = {name: hint for name, hint in hints.items() if hint.bounds is not None}
        if not found:
            raise TypeError(
                f"{prefix}: nothing here is annotated with stagedoor.Bounds; name an attribute"
            )
        for attribute, hint in found.items():
            assert hint.bounds is not None
            self._add(f"{prefix}.{attribute}", owner, attribute, hint.bounds, hint)

    def _add(self, name: str, owner: object, attribute: str, bounds: Bounds, hint: Hint) -> None:
        if len(name) > MAX_NAME or not name.isprintable():
            raise ValueError(f"name must be at most {MAX_NAME} printable characters")
        default = getattr(owner, attribute)
        kind = _kind_of(name, default, bounds, hint)
        tweak = Tweak(name, owner, attribute, kind, _checked(name, bounds, kind), default)
        if name not in self.by_name:
            self._make_room(name)
        self.by_name[name] = tweak
        self.on_add(tweak)

    def _make_room(self, name: str) -> None:
        if len(self.by_name) < MAX_TWEAKS:
            return
        for other, tweak in list(self.by_name.items()):
            if tweak.owner is None:
                del self.by_name[other]
        if len(self.by_name) >= MAX_TWEAKS:
            raise ValueError(f"{name}: there are {MAX_TWEAKS} tweaks already")


def _kind_of(name: str, default: object, bounds: Bounds, hint: Hint) -> Kind:
    kind = type(default)
    if kind not in KINDS:
        raise TypeError(f"{name} must be a bool, int, float or str, not {checks.kind_of(default)}")
    if kind is str and len(default) > MAX_TEXT:  # type: ignore[arg-type]
        raise ValueError(f"{name} must have at most {MAX_TEXT} characters")
    numbers = (bounds.low, bounds.high, bounds.step)
    if kind is int and (hint.kind is float or any(type(one) is float for one in numbers)):
        return float  # `speed: float = 240`
    return kind


def _checked(name: str, bounds: Bounds, kind: Kind) -> Bounds:
    """The bounds as they are told to clients. Raises TypeError or ValueError."""
    numbers = {"low": bounds.low, "high": bounds.high, "step": bounds.step}
    numbers = {what: one for what, one in numbers.items() if one is not None}
    checks.text("unit", bounds.unit, may_be_empty=True)
    if bounds.choices is not None:
        if "low" in numbers or "high" in numbers:
            raise TypeError(f"{name} has either choices or a low and a high")
        choices = tuple(bounds.choices)
        if not 1 <= len(choices) <= MAX_CHOICES:
            raise ValueError(f"{name} must have 1 to {MAX_CHOICES} choices, not {len(choices)}")
        fitting = [one for one in (converted(one, kind) for one in choices) if one is not None]
        if len(fitting) < len(choices):
            raise TypeError(
                f"each choice of {name} must be {with_article(kind.__name__)}, not {choices!r}"
            )
        return Bounds(None, None, bounds.step, tuple(fitting), exact(bounds.unit))
    if numbers and kind not in (int, float):
        raise TypeError(f"{name} is {with_article(kind.__name__)}: it has no {next(iter(numbers))}")
    for what, one in numbers.items():
        if not math.isfinite(checks.number(what, one)):
            raise ValueError(f"{what} must be finite, not {one}")
    low, high, step = bounds.low, bounds.high, bounds.step
    if low is not None and high is not None and low > high:
        raise ValueError(f"low must be at most high, not {low} with a high of {high}")
    if step is not None and step <= 0:
        raise ValueError(f"step must be more than 0, not {step}")
    return Bounds(low, high, step, None, exact(bounds.unit))
