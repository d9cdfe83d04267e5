"""What may be called, if its caller may: `method_of()`, `is_method()`."""

from __future__ import annotations

import types
from typing import Any, Final

from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.members import Found, Way
from stagedoor.live.reach.plain import class_attribute, first_of, instance_dict, value_in

_METHODS: Final = (
    types.FunctionType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    classmethod,
    staticmethod,
)


def method_of(value: object, name: str, *, is_exposed: bool) -> Any:
    """What is called for a method, bound to its object; None if there is none.

    A method stands in the class of its object, as the game has written it there. What a module has
    under a name is one only if the module has defined it: `os.system` is none. The game may have
    exposed another: that is then what the name stands for, to the game.
    """
    if is_exposed:
        return getattr(value, name, None)
    if type(value) is Handles:
        return None  # it is ours
    if first_of(value, (types.ModuleType,)) is not None:
        found = value_in(instance_dict(value), name)
        return found if _is_own(value, found) else None
    found = class_attribute(type(value), name)
    if first_of(found, _METHODS) is None:
        return None
    return found.__get__(value, type(value))


def is_method(value: object, found: Found) -> bool:
    """Whether `method_of()` finds something for what was found in a value."""
    if found.way is Way.ROUTINE:
        return first_of(found.value, _METHODS) is not None
    is_module = first_of(value, (types.ModuleType,)) is not None
    return is_module and found.way is Way.VALUE and _is_own(value, found.value)


def _is_own(module: object, found: Any) -> bool:
    return type(found) is types.FunctionType and found.__globals__ is instance_dict(module)
