"""`Node`: a value as clients see it. `node_at()` makes one for a place, `nodes_below()` for its
children."""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from stagedoor.live.language.path import Attribute, Step, key_text
from stagedoor.live.reach import arrays, rules
from stagedoor.live.reach.calling import is_method
from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.keys import is_by_identity
from stagedoor.live.reach.members import (
    LISTS,
    PIECE,
    SETS,
    Child,
    Found,
    Way,
    attributes,
    count_attributes,
    count_items,
    is_shown,
    items,
)
from stagedoor.live.reach.plain import MISSING, PerClass, bases_of, defined, first_of, type_name
from stagedoor.live.reach.preview import preview
from stagedoor.live.reach.roots import GONE, Root
from stagedoor.live.reach.setting import UNKNOWN, as_json, can_put
from stagedoor.live.reach.vectors import fields_of
from stagedoor.live.reach.walk import Place
from stagedoor.wire.roles import Role, RoleName
from stagedoor.wire.text import exact

Kind: TypeAlias = Literal[
    "null",
    "bool",
    "number",
    "text",
    "bytes",
    "enum",
    "vector",
    "list",
    "dict",
    "set",
    "array",
    "object",
    "module",
    "class",
    "function",
    "leaf",
    "lazy",
    "hidden",
    "gone",
]
_NO_ANCESTORS: Final[Mapping[int, str]] = types.MappingProxyType({})
_SIMPLE: Final = frozenset({"null", "bool", "number", "text", "bytes", "enum"})
"""Kinds of values that are not gone into."""
_TOLD: Final = _SIMPLE | {"vector"}
"""Kinds of children of which the value is told."""
LONGEST_VALUE: Final = 200
"""The most characters of a text that a child's node has whole."""


class Node(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A value of the game. Fields that say nothing are left out."""

    path: str
    """Where it is: any method takes this."""
    name: str
    """The last step of the path: `rocks`, `[3]`, `["a b"]`."""
    type: str = ""
    """The name of its type, with the module."""
    kind: Kind
    """`lazy`: code of the game would have to run to get it. `hidden`: the caller's role may not
    see it. `leaf`: something that no path goes through, as a frame or a stage. `gone`: a root
    whose object is there no more."""
    preview: str = ""
    """What it looks like, in at most 100 characters."""
    value: Any | UnsetType = UNSET
    """The value itself, if JSON can tell all of it; of children only numbers and short texts."""
    indexed: int = 0
    """How many items it has; of a text and of bytes, how long it is."""
    named: int = 0
    """How many attributes it has itself, hidden ones, too."""
    can_set: bool = False
    """objects.set may replace it."""
    can_call: bool = False
    """objects.call may call it."""
    can_expand: bool = False
    """It has children."""
    key: str | UnsetType = UNSET
    """The path of the key of a dict itself, if that is an object."""
    ancestor: str | UnsetType = UNSET
    """It is its own ancestor: the path of that one."""
    error: str | UnsetType = UNSET
    """What it raised, or that it took long, when it was evaluated."""
    held: bool = False
    """A root that is kept, because its type allows no weak reference."""
    methods: list[str] | UnsetType = UNSET
    """The methods of a root that an operator may call."""
    needs: RoleName | UnsetType = UNSET
    """The role that it takes to see what is hidden or lazy."""
    children: list[Node] | UnsetType = UNSET
    """Those that were asked for."""
    more: int = 0
    """How many children were left out, at least: see objects.children."""


def _find_kind(kind: type) -> Kind:
    """The kind of the values of a type that are no leaves."""
    for found, bases in _KINDS:
        if any(base is one for base in bases_of(kind) for one in bases):
            return found
    if fields_of(kind):
        return "vector"
    return "number" if arrays.is_scalar_type(kind) else "object"


_KINDS: Final[tuple[tuple[Kind, tuple[type, ...]], ...]] = (
    ("enum", (enum.Enum,)),
    ("module", (types.ModuleType,)),
    ("class", (type,)),
    ("function", rules.FUNCTIONS),
    ("null", (type(None),)),
    ("bool", (bool,)),
    ("number", (int, float, complex)),
    ("text", (str,)),
    ("bytes", (bytes, bytearray, memoryview)),
    ("list", LISTS),
    ("dict", (dict, Handles)),
    ("set", SETS),
)
_kind: Final = PerClass(_find_kind)


def kind_of(value: object) -> Kind:
    """What a value is."""
    found: Kind = _kind(type(value))
    if found == "object":
        if rules.is_leaf(value):
            return "leaf"
        return "array" if arrays.is_array(value) else found
    return found


def node_at(place: Place, role: Role) -> Node:
    """The node of what is at the end of a path."""
    step, text = place.step, str(place.path)
    if step is None:
        node = _node(text, text, place.found, role, is_root=True)
        _describe_root(node, place.root)
    else:
        node = _node(text, _name_of(step), place.found, role)
        node.can_set = role >= rules.CHANGES and can_put(place.parent, step, place.found)
        node.can_call = role >= rules.CHANGES and place.is_exposed_method
        node.can_call |= role >= rules.EVALUATES and is_method(place.parent, place.found)
    if place.found.way is Way.VALUE:
        _tell(node, place.found.value)
    return node


def node_of_root(root: Root, role: Role) -> Node:
    """The node of a root, whether it is still there or not."""
    value = root.value
    if value is GONE:
        return Node(path=root.name, name=root.name, type=root.type, kind="gone")
    node = _node(root.name, root.name, Found(Way.VALUE, value), role, is_root=True)
    _describe_root(node, root)
    return node


def _describe_root(node: Node, root: Root) -> None:
    node.held = root.held
    if root.methods:
        node.methods = sorted(root.methods)


def node_of_result(text: str, value: object, role: Role) -> Node:
    """The node of what a method has returned. It has no place, so no path leads on from it."""
    node = _node(text, text, Found(Way.VALUE, value), role)
    node.can_expand = False
    _tell(node, value)
    return node


def node_of_child(
    parent: object,
    prefix: str,
    child: Child,
    role: Role,
    ancestors: Mapping[int, str] = _NO_ANCESTORS,
) -> Node:
    """The node of what is one step below a value, whose path is `prefix`. `ancestors`: the paths of
    the values on the way, by their identities."""
    step, value = child.step, child.found.value
    written = str(step)
    text, name = prefix + written, exact(step.name) if isinstance(step, Attribute) else written
    if not rules.is_open(child.name, role):
        return Node(path=text, name=name, kind="hidden", needs=_role_for(child.name))
    node = _node(text, name, child.found, role)
    if child.found.way is Way.VALUE:
        is_long = node.kind == "text" and node.indexed > LONGEST_VALUE
        if node.kind in _TOLD and not is_long:
            _tell(node, value)
        node.can_set = role >= rules.CHANGES and can_put(parent, step, child.found)
    node.can_call = role >= rules.EVALUATES and is_method(parent, child.found)
    if not isinstance(step, Attribute) and child.key is not MISSING and is_by_identity(step.key):
        node.key = f"{prefix}{{{key_text(step.key)}}}"
    if node.can_expand and (known := ancestors.get(id(value))) is not None:
        node.ancestor = known
    return node


def _role_for(name: str | None) -> RoleName | UnsetType:
    least = None if name is None else rules.needs(name)
    return UNSET if least is None else least.label


def _tell(node: Node, value: object) -> None:
    told = as_json(value)
    if told is not UNKNOWN:
        node.value = told


def _node(text: str, name: str, found: Found, role: Role, *, is_root: bool = False) -> Node:
    if found.way is Way.LAZY:
        kind_of_lazy = "" if found.value is MISSING else type_name(type(found.value))
        needs = rules.EVALUATES.label
        return Node(path=text, name=name, type=kind_of_lazy, kind="lazy", needs=needs)
    value = found.value
    node = Node(path=text, name=name, type=type_name(type(value)), kind=kind_of(value))
    node.preview = preview(value, role)
    if node.kind in _SIMPLE:
        if node.kind in ("text", "bytes"):
            node.indexed = _length(value)
    elif not rules.is_leaf(value, is_root=is_root):
        node.indexed = count_items(value)
        node.named = count_attributes(value, is_root=is_root)
        node.can_expand = bool(node.indexed or node.named or _has_more(type(value)))
    return node


def _find_more(kind: type) -> bool:
    """Whether values of a type have attributes that they do not have themselves."""
    return any(is_shown(found) for _, found in defined(kind))


_has_more: Final = PerClass(_find_more)


def has_more(kind: type) -> bool:
    """Whether objects of a type show attributes that stand in their class, as properties."""
    return _has_more(kind)  # type: ignore[no-any-return]


def _length(value: Any) -> int:
    for kind in (str, bytes, bytearray):
        if first_of(value, (kind,)) is not None:
            return kind.__len__(value)
    return 0


def _name_of(step: Step) -> str:
    return exact(step.name) if isinstance(step, Attribute) else str(step)


def children_of(
    value: object, role: Role, *, is_root: bool = False, every: bool = False, start: int = 0
) -> Iterator[Child | None]:
    """What is below a value, from one on: its attributes, then its items. Yields None after each
    piece of the way there. Raises RuntimeError if the value changes meanwhile.

    `every`: with methods, and for admins with names that begin with an underscore.
    """
    count = 0
    show_all = every and role >= Role.ADMIN
    for at, child in enumerate(attributes(value, is_root=is_root, every=every), 1):
        if child is not None and (show_all or (child.name or "")[:1] != "_"):
            count += 1
            if count > start:
                yield child
                continue
        if child is None or at % PIECE == 0:
            yield None
    if not rules.is_leaf(value, is_root=is_root):
        yield from items(value, max(0, start - count))
