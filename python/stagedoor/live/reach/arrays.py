"""Arrays and numbers of numpy, which is not imported here: a value's own type is asked."""

from __future__ import annotations

from typing import Any, Final

from stagedoor.live.reach.plain import PerClass, bases_of, is_of_c, module_of, own_of, short_name

NUMBERS: Final = "biufc"
"""The kinds of items that are numbers or booleans."""
_PLAIN: Final = (bool, int, float, complex)


def _named(name: str) -> PerClass:
    """Finds numpy's own type of a name among the bases of a type."""

    def find(kind: type) -> type | None:
        for base in bases_of(kind):
            if module_of(base) == "numpy" and short_name(base) == name and is_of_c(base):
                return base
        return None

    return PerClass(find)


_array_type: Final = _named("ndarray")
_scalar_type: Final = _named("generic")


def is_array(value: object) -> bool:
    """Whether a value is an ndarray."""
    return _array_type(type(value)) is not None


def is_scalar_type(kind: type) -> bool:
    """Whether values of a type are numbers of numpy's, or other scalars. Derived types are not."""
    return _scalar_type(kind) is not None and is_of_c(kind)


def length(value: object) -> int:
    """The length of an array's first axis; 0 for what is no array."""
    if (kind := _array_type(type(value))) is None:
        return 0
    shape: tuple[int, ...] = own_of(kind)["shape"].__get__(value)
    return shape[0] if shape else 0


def item(value: object, index: int) -> Any:
    """An item of an array: a scalar, or an array with an axis less."""
    kind = _array_type(type(value))
    return kind.__getitem__(_exact(value, kind), index)


def put(value: object, index: int, new: object) -> None:
    """Set an item of an array. Raises ValueError or TypeError."""
    kind = _array_type(type(value))
    kind.__setitem__(_exact(value, kind), index, new)


def facts(value: object) -> tuple[str, tuple[int, ...], int]:
    """An array's dtype, shape, and bytes."""
    own = own_of(_array_type(type(value)))
    dtype = own["dtype"].__get__(value)
    name = dtype.name if dtype.names is None else "record"
    return name, own["shape"].__get__(value), own["nbytes"].__get__(value)


def few_numbers(value: object, most: int) -> Any:
    """A small array of numbers as lists; None if it is large, or of something else."""
    kind = _array_type(type(value))
    own = own_of(kind)
    if own["dtype"].__get__(value).kind not in NUMBERS or own["size"].__get__(value) > most:
        return None
    return kind.tolist(_exact(value, kind))


def plain_scalar(value: object) -> Any:
    """The plain number or truth that a scalar stands for; None if it is none."""
    kind = _scalar_type(type(value))
    if own_of(kind)["dtype"].__get__(value).kind not in NUMBERS:
        return None
    plain = kind.item(value)
    return plain if type(plain) in _PLAIN else None  # a longdouble stays what it is


def _exact(value: Any, kind: Any) -> Any:
    """The array itself, without what a derived type makes of its items."""
    return value if type(value) is kind else kind.view(value, kind)
