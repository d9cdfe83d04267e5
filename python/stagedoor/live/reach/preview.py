"""`preview()`: what a value looks like, in at most 100 characters that we make.

The time that it takes does not depend on the size of the value. No `__repr__` of the game runs:
`repr` is asked of exact built-in types only, and of a piece that is short.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import types
import uuid
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from stagedoor.live.reach import arrays, rules
from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.members import (
    Child,
    Found,
    Way,
    attribute,
    container_of,
    count_items,
    items,
)
from stagedoor.live.reach.plain import (
    MISSING,
    PerClass,
    bases_of,
    first_of,
    instance_dict,
    short_name,
    size_of,
    type_name,
    value_in,
)
from stagedoor.live.reach.vectors import fields_of
from stagedoor.wire.roles import Role
from stagedoor.wire.text import exact

MOST: Final = 100
"""The most characters of a preview."""
_SHOWN: Final = 6
"""How many items of a container are shown."""
_MOST_BITS: Final = 300
_LONGEST: Final = 40
"""The most characters of something inside a preview."""
_BRACKETS: Final[Mapping[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
}
_LIST: Final = _BRACKETS[list]
_UNNAMED: Final = (list, tuple, dict, set)


def preview(value: object, role: Role) -> str:
    """What a value looks like to this role."""
    return cut(_whole(value, role))


def cut(text: str, most: int = MOST) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _whole(value: object, role: Role) -> str:
    if (text := short(value)) is not None:
        return text
    if rules.is_leaf(value):
        return _leaf(value)
    kind = container_of(value)
    if kind is not None:
        return _container(value, kind, role)
    if arrays.is_array(value):
        return _array(value)
    return _object(value, role)


def short(value: object) -> str | None:
    """The text of a value that is not made of others; None for others."""
    text = _text_of(type(value))
    return None if text is None else text(value)


def _find_text(kind: type) -> Callable[[Any], str] | None:
    """How values of a type are shown in short. Derived types are shown alike."""
    bases = bases_of(kind)
    if any(base is enum.Enum for base in bases):
        return _member
    for known, text in _TEXTS.items():
        if kind is known:
            return text
    for known in _BASES:
        if any(base is known for base in bases):
            return _TEXTS[known]
    if fields_of(kind):
        return _numbers
    return _scalar if arrays.is_scalar_type(kind) else None


def _member(value: object) -> str:
    name = value_in(instance_dict(value), "_name_")
    return f"{short_name(type(value))}.{exact(name) if type(name) is str else '?'}"


def _numbers(value: object) -> str:
    found = (attribute(value, field) for field in fields_of(type(value)))
    numbers = ", ".join(_number(one) for one in found if one is not None)
    return f"{short_name(type(value))}({numbers})"


def _number(found: Found) -> str:
    """A field of a vector, which a derived class may have made anything."""
    value = found.value
    if found.way is Way.VALUE and (type(value) is float or type(value) is int):
        return f"{value:.6g}"
    return (found.way is Way.VALUE and short(value)) or "?"


def _scalar(value: object) -> str:
    plain = arrays.plain_scalar(value)
    return f"<{type_name(type(value))}>" if plain is None else str(plain)


def _int(value: Any) -> str:
    bits = int.bit_length(value)
    return int.__repr__(value) if bits <= _MOST_BITS else f"<a number of {bits:,} bits>"


def _str(value: Any) -> str:
    size = str.__len__(value)
    if size <= MOST:
        return str.__repr__(str.__getitem__(value, slice(None)))
    return f"{str.__getitem__(value, slice(MOST - 30))!r}… ({size:,} characters)"


def _bytes(kind: Any) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        size = kind.__len__(value)
        shown = bytes(kind.__getitem__(value, slice(16)))
        return repr(shown) if size <= len(shown) else f"{shown!r}… ({size:,} bytes)"

    return text


def _range(value: Any) -> str:
    parts = [value.start, value.stop] + ([value.step] if value.step != 1 else [])
    return f"range({', '.join(map(_int, parts))})"


def _datetime(value: Any) -> str:
    # A zone is the game's own object: it is not asked.
    plain: str = value.replace(tzinfo=None).isoformat()
    return plain if value.tzinfo is None else f"{plain} (with a time zone)"


def _decimal(value: Any) -> str:
    is_small = decimal.Decimal.__sizeof__(value) < 300
    return decimal.Decimal.__str__(value) if is_small else "<a long Decimal>"


def _fraction(value: Any) -> str:
    parts = [attribute(value, name) for name in ("_numerator", "_denominator")]
    return "/".join(_int(part.value) for part in parts if part and type(part.value) is int)


def _uuid(value: Any) -> str:
    number = attribute(value, "int")
    if number is None or type(number.value) is not int:
        return "<UUID>"
    digits = f"{number.value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


_TEXTS: Final[Mapping[type, Callable[[Any], str]]] = {
    type(None): lambda _: "None",
    bool: bool.__repr__,
    int: _int,
    float: float.__repr__,
    complex: complex.__repr__,
    str: _str,
    bytes: _bytes(bytes),
    bytearray: _bytes(bytearray),
    range: _range,
    type(...): lambda _: "...",
    datetime.datetime: _datetime,
    datetime.date: datetime.date.isoformat,
    datetime.time: _datetime,
    datetime.timedelta: datetime.timedelta.__str__,
    decimal.Decimal: _decimal,
    fractions.Fraction: _fraction,
    uuid.UUID: _uuid,
}
_BASES: Final = (int, float, complex, str, bytes, bytearray)
"""Types of which a derived one is shown alike. Methods of the others may ask for more."""
_text_of: Final = PerClass(_find_text)


def _leaf(value: Any) -> str:
    if first_of(value, (types.ModuleType,)) is not None:
        name = value_in(instance_dict(value), "__name__")
        return f"<module {exact(name)}>" if type(name) is str else "<module>"
    if first_of(value, (type,)) is not None:
        return f"<class {type_name(value)}>"
    if type(value) is types.FunctionType:
        return f"<function {exact(value.__qualname__)}>"
    if type(value) is types.BuiltinFunctionType:
        return f"<function {exact(value.__name__)}>"
    if type(value) is memoryview:
        return f"<memoryview of {memoryview.nbytes.__get__(value):,} bytes>"
    if type(value) is Handles:
        return f"{len(value):,} on the screen"
    return f"<{type_name(type(value))}>"


def _container(value: Any, kind: type, role: Role) -> str:
    size = count_items(value)
    try:
        shown = [_inner(child, role) for child in islice(items(value), _SHOWN) if child]
    except RuntimeError:  # it changes at this moment, on another thread
        shown = []
    more = [f"… ({size:,} in all)"] if size > len(shown) else []
    opening, closing = _BRACKETS.get(kind, _LIST)
    is_plain = any(type(value) is one for one in _UNNAMED)
    name = "" if is_plain else short_name(type(value))
    if kind is set and not size:
        return f"{name or 'set'}()"
    if kind is tuple and size == 1 and not name:
        closing = ",)"
    inside = ", ".join([cut(", ".join(shown), MOST - 30), *more] if shown else more)
    return f"{name}{opening}{inside}{closing}"


def _inner(child: Child, role: Role) -> str:
    key = "" if child.key is MISSING else f"{_part(child.key)}: "
    return key + (_part(child.found.value) if rules.is_open(child.name, role) else "(hidden)")


def _part(value: object) -> str:
    """What a value looks like inside the preview of another: containers are not entered."""
    if (text := _brief(value)) is not None:
        return text
    if type(value) is tuple and len(value) <= 3:
        inner = [short(part) or "…" for part in value]
        return cut(f"({', '.join(inner)})", _LONGEST)
    if (kind := container_of(value)) is not None:
        opening, closing = _BRACKETS.get(kind, _LIST)
        return f"{opening}…{closing}"
    return f"<{short_name(type(value))}>"


def _brief(value: object) -> str | None:
    """`short()` in few characters."""
    if type(value) is float:
        return f"{value:.6g}"
    text = short(value)
    return None if text is None else cut(text, _LONGEST)


def _array(value: object) -> str:
    dtype, shape, size = arrays.facts(value)
    axes = " x ".join(map(str, shape)) or "no axis"
    numbers = arrays.few_numbers(value, _SHOWN)
    shown = "" if numbers is None else f" {numbers}"
    return f"<{short_name(type(value))} {dtype}, {axes}, {size:,} bytes>{shown}"


def _object(value: object, role: Role) -> str:
    name = short_name(type(value))
    shown = list(islice(_first_fields(value, role), 4))
    if not shown:
        return f"<{type_name(type(value))}>"
    more = ", …" if size_of(instance_dict(value)) > len(shown) else ""
    return f"{name}({cut(', '.join(shown), MOST - 3 - len(name) - len(more))}{more})"


def _first_fields(value: object, role: Role) -> Iterator[str]:
    """Some of what is in an object's dict, where it says something in few characters."""
    names: Any = instance_dict(value)
    if not size_of(names):
        return
    for key, inner in list(islice(dict.items(names), 2 * _SHOWN)):
        if type(key) is not str or key[:1] == "_" or not rules.is_open(key, role):
            continue
        if (text := _brief(inner)) is not None:
            yield f"{cut(exact(key), _LONGEST)}={text}"
