"""`Mode`: which of a topic's values a subscriber gets."""

from typing import Final, Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["all", "latest", "mean", "peak", "change"]
"""`all`: every value. The other modes send one value each time that the topic is due: the `latest`,
the `mean` or the `peak` of the values since it was last due, or, for `change`, the latest if it
differs from the one sent before."""

MODES: Final[tuple[Mode, ...]] = get_args(Mode)
