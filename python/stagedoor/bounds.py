"""`Bounds`: what a tweak may be set to, as an annotation of what it is the default of."""

from collections.abc import Sequence
from typing import NamedTuple


class Bounds(NamedTuple):
    """`thrust: Annotated[float, stagedoor.Bounds(0, 500, unit="px/s²")] = 240.0`.

    An attribute of a class, or a global of a module, that is annotated so is a tweak once the game
    says `stage.tweak("ship", ship)`. A game that ships with stagedoor dormant keeps its
    annotations: they do nothing.
    """

    low: float | None = None
    """The least number that clients may set; None: any."""
    high: float | None = None
    """The largest number that clients may set; None: any."""
    step: float | None = None
    """By how much a slider moves. Numbers between two steps may be set all the same."""
    choices: Sequence[bool | int | float | str] | None = None
    """The only values that may be set; None: all that the rest allows."""
    unit: str = ""
    """What the number counts, for people, as in `px/s`."""
