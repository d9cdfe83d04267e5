"""What may be reached: the one place that decides.

1. A path goes through data only. Modules (except a root), functions, classes, frames, code and the
   like, and stagedoor's own objects (except the root `scene`) are leaves, for every role:
   `is_leaf()`.
2. Dunder names are closed to everybody: `__main__` is one only as the name of a root.
3. Names that begin with an underscore, and names of secrets, are for admins: `needs()`.
4. No code of the game runs for less than an admin, who asks for it: `EVALUATES`.

A name is the name of an attribute, or a key of a dict that is or has a text: a `str`, `bytes`, a
member of an enum.
"""

from __future__ import annotations

import builtins
import enum
import functools
import types
import weakref
from typing import Any, Final

from stagedoor.live.reach.faults import Closed
from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.plain import (
    MISSING,
    PerClass,
    bases_of,
    first_of,
    instance_dict,
    is_dunder,
    module_of,
    value_in,
)
from stagedoor.wire.roles import Role
from stagedoor.wire.secrecy import names_secret

EVALUATES: Final = Role.ADMIN
"""Who may run properties, and call any method."""
CHANGES: Final = Role.OPERATOR
"""Who may set values, and call what was exposed for it."""
_LONGEST: Final = 1000
"""The most characters of a name that are looked at."""

_MOST_KEPT: Final = 100
"""Names of more characters are looked at each time."""
_PARTS: Final = 8
"""The most parts of a tuple that are looked at."""

FUNCTIONS: Final = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    classmethod,
    staticmethod,
    functools.partial,
    functools.partialmethod,
    type(functools.lru_cache(len)),
)
CODE: Final = (
    types.CodeType,
    types.FrameType,
    types.TracebackType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
    types.CellType,
)
_OPAQUE: Final = (
    property,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MappingProxyType,
    types.GenericAlias,
    types.UnionType,
    weakref.ReferenceType,
    weakref.ProxyType,
    weakref.CallableProxyType,
    super,
    memoryview,
)
_LEAVES: Final = (types.ModuleType, *FUNCTIONS, *CODE, *_OPAQUE, builtins.type)


def _is_leaf_type(kind: type) -> bool:
    for base in bases_of(kind):
        if any(base is leaf for leaf in _LEAVES):
            return True
        if module_of(base).partition(".")[0] == "stagedoor":
            return True
    return False


_leaf_type: Final = PerClass(_is_leaf_type)


def is_leaf(value: object, *, is_root: bool = False) -> bool:
    """Whether no path goes through a value. `is_root`: a module or handles may be gone through."""
    if is_root and first_of(value, (types.ModuleType, Handles)) is not None:
        return False
    return bool(_leaf_type(type(value)))


def needs(name: str) -> Role | None:
    """The lowest role that may see what has this name. None: nobody may."""
    return _needs_once(name) if len(name) <= _MOST_KEPT else _needs(name)


def _needs(name: str) -> Role | None:
    if is_dunder(name):
        return None
    return Role.ADMIN if name[:1] == "_" or names_secret(name[:_LONGEST]) else Role.VIEWER


_needs_once: Final = functools.lru_cache(4096)(_needs)


def is_open(name: str | None, role: Role) -> bool:
    """Whether a role may see what has this name. `None`: what has no name."""
    if name is None:
        return True
    least = needs(name)
    return least is not None and role >= least


def check_open(name: str | None, role: Role) -> None:
    """Raise Closed for a name that this role may not see, whether it is there or not."""
    if name is None or is_open(name, role):
        return
    least = needs(name)
    if least is None:
        raise Closed(f"{name} is Python's own, and closed to everybody", None)
    raise Closed(f"{name} is for admins: it begins with _, or is named like a secret", least)


def name_of_key(key: Any) -> str | None:
    """The text in a key, by which secrets are told: its beginning, if it is long. None if it has
    none."""
    found: Any
    if first_of(key, (str,)) is not None:
        # An enum whose members are texts has two: the name says more than the value.
        found = None if first_of(key, (enum.Enum,)) is None else _name_of_member(key)
        return found if type(found) is str else str.__getitem__(key, slice(_LONGEST))
    if first_of(key, (bytes,)) is not None:
        return bytes.decode(bytes.__getitem__(key, slice(_LONGEST)), "latin-1")
    if first_of(key, (enum.Enum,)) is not None:
        found = _name_of_member(key)
        return found if type(found) is str else None
    if type(key) is tuple:
        parts = (name_of_key(part) for part in key[:_PARTS] if type(part) is not tuple)
        return " ".join(filter(None, parts)) or None
    return None


def _name_of_member(member: object) -> Any:
    found = value_in(instance_dict(member), "_name_")
    return None if found is MISSING else found
