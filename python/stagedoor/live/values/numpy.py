"""Values of numpy: arrays as nested lists, scalars as the plain values that they stand for."""

from __future__ import annotations

from typing import Any, get_args

import numpy

from stagedoor.live.values.kind import ANYTHING, MAX_ITEMS, NUMBER, TEXT, Kind, Schema, array_of


def kinds() -> dict[type, Kind]:
    """By type: see `stagedoor.live.values`."""
    return {
        numpy.ndarray: Kind(_list, _array, _schema_of_array),
        numpy.generic: Kind(_plain, _scalar, _schema_of_scalar),
    }


def _list(array: Any) -> Any:
    lists = 1
    for length in array.shape:  # (1000000, 0) has no items, but a million lists
        lists *= max(length, 1)
    if lists > MAX_ITEMS:
        raise ValueError(f"the array has {lists} items; at most {MAX_ITEMS} are sent")
    return (_text(array) if array.dtype.kind in "mM" else array).tolist()


def _plain(scalar: Any) -> Any:
    return str(scalar) if scalar.dtype.kind in "mM" else scalar.item()


def _text(array: Any) -> Any:
    """Times as texts: in nanoseconds they would be numbers, in other units objects."""
    return array.astype(str)


def _dtype_in(hint: Any) -> Any:
    """The type of the items in a hint as ndarray[shape, dtype[float32]]; None: any."""
    for argument in get_args(hint)[1:]:
        for item in get_args(argument):
            if isinstance(item, type):
                return item
    return None


def _array(hint: Any, value: Any) -> Any:
    if not isinstance(value, list):
        raise ValueError("expected an array")
    dtype = _dtype_in(hint)
    try:
        found = numpy.array(value)
        if dtype is None and found.dtype.kind == "O":
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ValueError("expected values of one kind, in lists of the same length") from None
    return found if dtype is None else _cast(found, dtype)


def _scalar(hint: Any, value: Any) -> Any:
    if isinstance(value, list | dict) or value is None:
        raise ValueError(f"expected {_expected(hint)}")
    return _cast(numpy.array(value), hint)[()]


def _cast(found: Any, dtype: Any) -> Any:
    """An array of the dtype, if nothing is lost: 1.5 is no integer, 300 does not fit into int8, and
    1e300 not into float32."""
    kind, of = numpy.dtype(dtype).kind, found.dtype.kind
    try:
        if found.size and any((kind in kinds) != (of in kinds) for kinds in ("b", "UMm")):
            raise ValueError
        with numpy.errstate(over="raise", invalid="raise"):
            cast = found.astype(dtype)
        if kind in "iu" and not numpy.array_equal(cast, found):
            raise ValueError
    except (TypeError, ValueError, ArithmeticError):
        raise ValueError(f"expected {_expected(dtype)}") from None
    return cast


def _expected(dtype: Any) -> str:
    """What a value of the dtype is, for people."""
    kind = numpy.dtype(dtype).kind
    if kind in "iu":
        limits = numpy.iinfo(dtype)
        return f"an integer from {limits.min} to {limits.max}"
    if kind == "b":
        return "true or false"
    names = {"f": "a number", "U": "a text", "M": "a time", "m": "a duration"}
    return f"{names.get(kind, 'a value')} that fits into {numpy.dtype(dtype).name}"


def _schema_of_array(hint: Any) -> Schema:
    dtype = _dtype_in(hint)
    title = "NDArray" if dtype is None else f"NDArray[{dtype.__name__}]"
    return {**array_of(ANYTHING), "title": title}


def _schema_of_scalar(hint: Any) -> Schema:
    match numpy.dtype(hint).kind if hint is not numpy.generic else "":
        case "i" | "u":
            limits = numpy.iinfo(hint)
            return {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}
        case "f":
            return NUMBER
        case "b":
            return {"type": "boolean"}
        case "U" | "M" | "m":
            return TEXT
    return ANYTHING
