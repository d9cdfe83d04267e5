"""`Mode`: which of a topic's values a subscriber gets."""

from typing import Final, Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["all", "latest", "mean", "peak", "change"]
"""`all` values; at each turn the `latest`, the `mean` or the `peak` of those since the turn before;
or each `change`: a value that differs from the one before."""

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
