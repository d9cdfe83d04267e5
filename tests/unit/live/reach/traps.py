"""Objects that notice when code of theirs runs: every method that Python may call by itself."""

from __future__ import annotations

import collections
import datetime
import enum
import functools
from typing import Any

import numpy
import pygame

ran: list[str] = []
"""What has run. A test clears it."""

SPECIAL = [
    "__getattr__",
    "__getattribute__",
    "__repr__",
    "__str__",
    "__format__",
    "__bytes__",
    "__hash__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__bool__",
    "__len__",
    "__length_hint__",
    "__iter__",
    "__next__",
    "__reversed__",
    "__contains__",
    "__getitem__",
    "__missing__",
    "__dir__",
    "__sizeof__",
    "__index__",
    "__int__",
    "__float__",
    "__complex__",
    "__call__",
    "__fspath__",
    "__copy__",
    "__deepcopy__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__array__",
    "__instancecheck__",
    "__subclasscheck__",
    "__subclasshook__",
    "__get__",
    "__enter__",
    "items",
    "keys",
    "values",
    "get",
]


def _trap(name: str) -> Any:
    def trapped(*args: object, **names: object) -> Any:
        ran.append(name)
        raise RuntimeError(f"{name} ran")

    return trapped


def all_traps(*without: str) -> dict[str, Any]:
    """Methods that notice that they run."""
    return {name: _trap(name) for name in SPECIAL if name not in without}


class Meta(type):
    """A metaclass that notices, too."""


for _name in ("__getattribute__", "__hash__", "__eq__", "__repr__", "__instancecheck__", "__call__",
              "__len__", "__iter__", "__subclasscheck__", "__dir__", "__bool__"):  # fmt: skip
    setattr(Meta, _name, _trap(f"Meta.{_name}"))


def trapped(*bases: type, without: tuple[str, ...] = (), **more: Any) -> Any:
    """A class all of whose methods notice."""
    meta = Meta if all(type(base) is type for base in bases) else type(bases[0])
    return type.__call__(meta, "Trapped", bases, all_traps(*without) | more)


def made(kind: Any, *args: Any, base: Any = object) -> Any:
    """An object of a class whose metaclass must not be called."""
    value = base.__new__(kind, *args)
    if base not in (object, int, float, str, bytes, tuple, frozenset):
        base.__init__(value, *args)
    return value


class Descriptor:
    def __get__(self, value: object, kind: object = None) -> Any:
        ran.append("Descriptor.__get__")
        raise RuntimeError("it ran")


class DataDescriptor(Descriptor):
    def __set__(self, value: object, new: object) -> None:
        ran.append("DataDescriptor.__set__")


def _lying(self: object) -> Any:
    ran.append("__class__")
    return dict


class Zone(datetime.tzinfo):
    utcoffset = tzname = dst = _trap("tzinfo")  # type: ignore[assignment]
    __repr__ = _trap("tzinfo")


class Array(numpy.ndarray):
    __getitem__ = _trap("Array.__getitem__")
    __repr__ = __len__ = __iter__ = _trap("Array")


ARRAY = Array((2, 3))
Array.__array_finalize__ = _trap("__array_finalize__")  # type: ignore[method-assign]


class Key(str):
    """A key that is like any other."""

    __slots__ = ()

    def __hash__(self) -> int:
        ran.append("Key.__hash__")
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        ran.append("Key.__eq__")
        return True

    __repr__ = __str__ = _trap("Key.__str__")


class Tile(int):
    """A number that is like any other."""

    def __hash__(self) -> int:
        ran.append("Tile.__hash__")
        return int.__hash__(self)

    def __eq__(self, other: object) -> bool:
        ran.append("Tile.__eq__")
        return True

    __repr__ = __str__ = _trap("Tile.__str__")


class Suit(enum.Enum):
    HEARTS = 1
    __repr__ = __str__ = _trap("Suit.__str__")


def all_objects() -> dict[str, Any]:
    """An object of each kind. Making them may run code of theirs: clear `ran` after."""
    plain = made(trapped(x=1, without=("__getattribute__",)))
    object.__getattribute__(plain, "__dict__")["a"] = 1
    strict = made(trapped())
    object.__getattribute__(strict, "__dict__")["a"] = 1
    slotted = trapped(__slots__=("a", "b"), without=("__getattribute__",))
    with_slots = made(slotted)
    type.__getattribute__(slotted, "__dict__")["a"].__set__(with_slots, 1)
    lists = made(trapped(list), base=list)
    list.append(lists, 1)
    dicts = made(trapped(dict, without=("__hash__",)), base=dict)
    dict.__setitem__(dicts, "a", 1)
    ordered = made(trapped(collections.OrderedDict), base=collections.OrderedDict)
    collections.OrderedDict.__setitem__(ordered, "a", 1)
    deque = made(trapped(collections.deque), base=collections.deque)
    collections.deque.append(deque, 1)

    class Computed:
        prop = property(_trap("property"))
        cached = functools.cached_property(_trap("cached_property"))
        descriptor = Descriptor()
        data = DataDescriptor()
        __class__ = property(_lying)  # type: ignore[assignment]
        __dict__ = property(_trap("__dict__"))  # type: ignore[assignment]
        __doc__ = property(_trap("__doc__"))

    keyed = {Key("hp"): 1, Tile(3): 2, made(trapped(without=("__hash__", "__eq__"))): 3}
    weird = made(type("Weird", (), {}))
    vector = trapped(pygame.Vector2, x=made(trapped()), without=("__getattribute__",))
    vector = pygame.Vector2.__new__(vector)
    lazy = type("Lazy", (pygame.Vector2,), {"x": property(_trap("property"))})(1, 2)
    names = ("a", "x", "hp", "nothing", "__module__", "__dict__", *SPECIAL)
    odd = object.__new__(type("Odd", (), {Key(name): 1 for name in names}))
    weird.__dict__[Key("hp")] = 1
    objects = numpy.empty(2, dtype=object)
    objects[0] = strict
    return {
        "plain": plain,
        "strict": strict,
        "slots": with_slots,
        "list": lists,
        "tuple": made(trapped(tuple), (1, 2), base=tuple),
        "dict": dicts,
        "ordered": ordered,
        "set": made(trapped(set), {1}, base=set),
        "frozenset": made(trapped(frozenset), {1}, base=frozenset),
        "deque": deque,
        "str": made(trapped(str), "text", base=str),
        "int": made(trapped(int), 3, base=int),
        "float": made(trapped(float), 1.5, base=float),
        "bytes": made(trapped(bytes), b"abc", base=bytes),
        "computed": Computed(),
        "keyed": keyed,
        "members": {Key("hp"), Tile(3)},
        "weird": weird,
        "odd": odd,
        "vector": vector,
        "lazy vector": lazy,
        "zone": datetime.datetime(2026, 1, 1, tzinfo=Zone()),
        "time": datetime.time(1, tzinfo=Zone()),
        "array": ARRAY,
        "objects": objects,
        "enum": Suit.HEARTS,
        "partial": functools.partial(strict),
        "error": ValueError(strict),
        "slice": slice(strict, strict),
        "nested": [[strict], {"a": strict}, (strict,)],
    }
