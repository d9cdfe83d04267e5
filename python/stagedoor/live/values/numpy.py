"""Values of numpy: arrays as nested lists, scalars as the plain values that they stand for."""

from __future__ import annotations

from typing import Any, get_args

import numpy

from stagedoor.live.values.kind import ANYTHING, MAX_ITEMS, Kind, array_of


def kinds() -> dict[type, Kind]:
    """By type: see `stagedoor.live.values`."""
    return {
        numpy.ndarray: Kind(_list, _array, array_of(ANYTHING)),
        numpy.generic: Kind(_plain, _scalar, {"type": ["number", "string", "boolean"]}),
    }


def _list(array: Any) -> Any:
    if array.size > MAX_ITEMS:
        raise ValueError(f"the array has {array.size} items; at most {MAX_ITEMS} are sent")
    return (_text(array) if array.dtype.kind in "mM" else array).tolist()


def _plain(scalar: Any) -> Any:
    return str(scalar) if scalar.dtype.kind in "mM" else scalar.item()


def _text(array: Any) -> Any:
    """Times as texts: in nanoseconds they would be numbers, in other units objects."""
    return array.astype(str)


def _array(hint: Any, value: Any) -> Any:
    if not isinstance(value, list):
        raise ValueError("expected an array")
    dtype = None
    for argument in get_args(hint)[1:]:  # ndarray[shape, dtype[float32]]
        dtype = next((t for t in get_args(argument) if isinstance(t, type)), None)
    return _cast(value, dtype)


def _scalar(hint: Any, value: Any) -> Any:
    if isinstance(value, list | dict) or value is None:
        raise ValueError(f"expected a value for {hint.__name__}")
    return _cast(value, hint)[()]


def _cast(value: Any, dtype: Any) -> Any:
    """An array of the dtype, if nothing is lost: 1.5 is no integer, 300 does not fit into int8."""
    try:
        found = numpy.array(value)
        if dtype is None and found.dtype.kind == "O":
            raise ValueError
        if dtype is None or not found.size:
            return found.astype(dtype) if dtype is not None else found
        cast = found.astype(dtype)
        if numpy.dtype(dtype).kind in "biu" and not numpy.array_equal(cast, found):
            raise ValueError
        if (numpy.dtype(dtype).kind == "b") != (found.dtype.kind == "b"):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        what = "one type" if dtype is None else numpy.dtype(dtype).name
        raise ValueError(f"expected values of {what}, in lists of the same length") from None
    return cast
