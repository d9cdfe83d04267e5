"""`objects`: look at the game's objects, set their values, call their methods."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import msgspec
from msgspec import UNSET

from stagedoor.live.domains.bounds import MOST
from stagedoor.live.domains.objects import saved, search, watch
from stagedoor.live.domains.objects.pages import Pages
from stagedoor.live.domains.objects.places import PathText, paused, role_of
from stagedoor.live.domains.objects.telling import telling
from stagedoor.live.domains.slices import TIMEOUT, in_slices
from stagedoor.live.language.path import Attribute, Path, parse_path
from stagedoor.live.reach import rules
from stagedoor.live.reach.calling import method_of
from stagedoor.live.reach.faults import Closed, Missing, Raised
from stagedoor.live.reach.members import (
    PIECE,
    Child,
    Found,
    Way,
    count_attributes,
    count_items,
)
from stagedoor.live.reach.node import (
    Node,
    children_of,
    node_at,
    node_of_child,
    node_of_result,
    node_of_root,
)
from stagedoor.live.reach.preview import cut
from stagedoor.live.reach.setting import UNKNOWN, as_json, coerce, put
from stagedoor.live.reach.walk import Place, entered, run, walk
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import Forbidden, HandlerError, InvalidParams
from stagedoor.wire.roles import Role
from stagedoor.wire.text import reason_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

Depth = Annotated[int, msgspec.Meta(ge=0, le=8)]
NodeBudget = Annotated[int, msgspec.Meta(ge=1, le=1000)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Start = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
FilterText = Annotated[str, msgspec.Meta(max_length=200)]
AT_ONCE: Final = 32
"""How many nodes are made at a time."""
LONG: Final = 0.002
"""Seconds after which an evaluation is said to take long."""

MAX_ERROR: Final = 1000
"""The most characters of what a property has raised."""


class Page(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Some of what is one step below a value."""

    nodes: list[Node]
    start: int
    """The place of the first."""
    next: int | None = None
    """The `start` of the next page; it is left out at the end."""
    total: int
    """How many items and attributes there are, hidden ones, too; not those of its class."""
    changed: bool = False
    """What was paged through has changed since the last page: some may be missing or come twice."""


def add_to(parts: Parts, /) -> None:
    """Register the domain. Rules on what may be reached: `stagedoor.live.reach.rules`."""
    hub, roots_of_game, pages = parts.hub, parts.roots, Pages()

    def roots(session: Session) -> Generator[object, None, list[Node]]:
        """What the game has exposed: `stage.expose()`. All paths begin with one of these names.

        `scene` is one if a client was told of something on the screen that lies elsewhere.
        """
        role = role_of(session)
        nodes = (node_of_root(root, role) for root in roots_of_game if root.is_open(role))
        return cast(list[Node], (yield from in_slices(hub.ours_to_json, nodes, AT_ONCE)))

    def get(
        session: Session,
        path: PathText,
        depth: Depth = 0,
        budget: NodeBudget = 100,
        evaluate: bool = False,
    ) -> Generator[object, None, Node]:
        """One value, by its path, such as `world.rocks[3].pos`, with what is below it.

        `depth`: how many steps below. `budget`: the most nodes in all; `more` says where some are
        missing. A property at the path itself is read if the caller is an admin. `evaluate`: read
        all properties on the way and below, too; that is for admins: code of the game runs.

        >>> get("world.ship", depth=1)
        """
        role = role_of(session)
        _check_evaluate(evaluate, role)
        with telling(evaluates=True):
            place, took = yield from _place(path, role, evaluate=evaluate)
        node = node_at(place, role)
        if took > LONG:
            node.error = _took(took)
        if node.kind not in ("lazy", "hidden") and depth:
            yield from _add_children(node, place, role, depth, budget, evaluate=evaluate)
        return node

    def children(
        session: Session,
        path: PathText,
        start: Start = 0,
        count: PageSize = 100,
        filter: FilterText = "",
        hidden: bool = False,
        evaluate: bool = False,
    ) -> Generator[object, None, Page]:
        """What is one step below a value: its attributes, then its items; a page at a time.

        `start`: the place of the first; for the next page, give `next` of this one: that costs the
        same wherever it is. A jump into a large dict or set is a search, and so is a `filter`: a
        text that the names must contain. `hidden`: with methods, imports and, for admins, names
        that begin with an underscore. `evaluate`: read properties; for admins.
        """
        role = role_of(session)
        _check_evaluate(evaluate, role)
        with telling(evaluates=True):
            place, _ = yield from _place(path, role, evaluate=evaluate)
            value = place.value
        found = yield from pages.page(
            session, place, role, start=start, count=count, filter=filter, every=hidden
        )
        total, ancestors = _total(place), place.ancestors()
        prefix, nodes = str(place.path), []
        for at, child in enumerate(found.children):
            if at % AT_ONCE == AT_ONCE - 1:
                yield THIS_FRAME
            if evaluate and child.found.way is Way.LAZY:
                nodes.append(_evaluated(value, prefix, child, role))
                yield THIS_FRAME
            else:
                nodes.append(node_of_child(value, prefix, child, role, ancestors))
        sent = cast(list[Node], (yield from in_slices(hub.ours_to_json, nodes)))
        return Page(nodes=sent, start=start, next=found.next, total=total, changed=found.changed)

    def set_value(
        session: Session,
        path: PathText,
        value: Any,
        expected: Any = UNSET,
        evaluate: bool = False,
    ) -> Generator[object, None, Node]:
        """Put a value into the place of another, and return what is there then.

        `value`: it must fit the type of the current one: a number for a number, `[x, y]` for a
        vector, the name of a member for an enum. `expected`: set it only if this is the current
        value; otherwise the error is ValueChanged. `evaluate`: let code of the game do it, a
        property or `__setattr__`; for admins.

        >>> set_value("world.ship.thrust", 400)
        """
        role = role_of(session)
        _check_evaluate(evaluate, role)
        with telling(evaluates=True):
            place = yield from paused(walk(roots_of_game, path, role, evaluate=evaluate))
            current = place.value
        if expected is not UNSET:
            _check_expected(current, expected)
        with telling("$.value", evaluates=True):
            put(place, coerce(current, value), evaluate=evaluate)
        with telling(evaluates=True):
            place = yield from paused(walk(roots_of_game, path, role, evaluate=evaluate))
        return node_at(place, role)

    def call(
        session: Session,
        path: PathText,
        args: list[Any] | dict[str, Any] = [],  # noqa: B006
    ) -> Generator[object, None, Node]:
        """Call a method of an object, and return what it returns.

        An operator may call what `stage.expose(..., methods=[...])` names, as `world.spawn`; an
        admin any method of an object that a path leads to, and any function that a module has
        defined which is a root. `args`: by position, or by name.

        >>> call("world.spawn", ["big", 3])
        """
        role = role_of(session)
        with telling():
            steps = parse_path(path)
            function = yield from _function(steps, role)
        result = function(**args) if isinstance(args, dict) else function(*args)
        if inspect.iscoroutine(result):
            result.close()
            raise InvalidParams(f"{path} is async: it cannot be called here", "$.path")
        return node_of_result(f"{steps}()", result, role)

    def _place(
        path: str, role: Role, *, evaluate: bool
    ) -> Generator[object, None, tuple[Place, float]]:
        """Where a path leads. For an admin, a property at its end is read. Returns the seconds that
        this took, too."""
        place = yield from paused(walk(roots_of_game, path, role, evaluate=evaluate))
        if place.found.way is not Way.LAZY or role < rules.EVALUATES:
            return place, 0.0
        began = perf_counter()
        step = place.step
        assert isinstance(step, Attribute), "nothing else is lazy"
        value = run(place.parent, step.name, place.path)
        found = Found(Way.VALUE, value, in_class=True)
        return place._replace(found=found), perf_counter() - began

    def _function(path: Path, role: Role) -> Generator[object, None, Any]:
        """What a path to a method leads to, bound to its object."""
        *_, last = path.steps or (None,)
        if not isinstance(last, Attribute):
            raise Missing(f"{path} is no method: expected a path such as world.spawn")
        root = roots_of_game.get(path.root)
        is_exposed = root is not None and len(path.steps) == 1 and last.name in root.methods
        if not is_exposed:
            if role < rules.EVALUATES:
                raise Closed(f"{path} was not exposed for operators to call", rules.EVALUATES)
            rules.check_open(last.name, role)
        parent = path.upto(len(path.steps) - 1)
        place = yield from paused(walk(roots_of_game, parent, role))
        found = method_of(entered(place), last.name, is_exposed=is_exposed)
        if found is None:
            raise Missing(f"{parent} is there, and has no method {last.name!r}")
        return found

    methods = hub.methods
    methods.add_built_in(roots, "objects.roots", role="viewer", with_session=True)
    methods.add_built_in(get, "objects.get", role="viewer", with_session=True)
    methods.add_built_in(
        children, "objects.children", role="viewer", with_session=True, timeout=TIMEOUT
    )
    methods.add_built_in(set_value, "objects.set", role="operator", with_session=True)
    methods.add_built_in(call, "objects.call", role="operator", with_session=True, timeout=TIMEOUT)
    for part in (search, saved, watch):
        part.add_to(parts)


def _check_evaluate(evaluate: bool, role: Role) -> None:
    if evaluate and role < rules.EVALUATES:
        raise Forbidden(rules.EVALUATES.label, "evaluate runs code of the game")


def _took(seconds: float) -> str:
    return f"it took {seconds * 1000:.1f} ms of the frame"


def _total(place: Place) -> int:
    value = place.found.value
    return count_items(value) + count_attributes(value, is_root=place.is_root)


def _evaluated(parent: object, prefix: str, child: Child, role: Role) -> Node:
    """The node of a property, which is read; or of what it has raised."""
    assert isinstance(child.step, Attribute), "nothing else is lazy"
    if not rules.is_open(child.name, role):
        return node_of_child(parent, prefix, child, role)
    began = perf_counter()
    try:
        value = run(parent, child.step.name, f"{prefix}{child.step}")
    except Raised as fault:
        node = node_of_child(parent, prefix, child, role)
        node.error = cut(reason_of(fault.error), MAX_ERROR)
        return node
    took = perf_counter() - began
    found = Found(Way.VALUE, value, in_class=True)
    node = node_of_child(parent, prefix, child._replace(found=found), role)
    if took > LONG:
        node.error = _took(took)
    return node


def _add_children(
    top: Node, place: Place, role: Role, depth: int, budget: int, *, evaluate: bool
) -> Generator[object, None, None]:
    """Add what is below a node, level by level, until the budget is used up."""
    level = [(top, place.found.value, place.ancestors())]
    budget -= 1
    for at_depth in range(depth):
        below = []
        for parent, value, ancestors in level:
            is_root = place.is_root and not at_depth
            found, is_cut = yield from _some_children(value, role, is_root=is_root, most=budget)
            budget -= len(found)
            parent.children = []
            parent.more = int(is_cut)
            for child in found:
                if evaluate and child.found.way is Way.LAZY:
                    node = _evaluated(value, parent.path, child, role)
                    yield THIS_FRAME
                else:
                    node = node_of_child(value, parent.path, child, role, ancestors)
                parent.children.append(node)
                if node.can_expand and child.found.way is Way.VALUE and node.ancestor is UNSET:
                    inner = child.found.value
                    below.append((node, inner, {**ancestors, id(inner): node.path}))
                if len(parent.children) % AT_ONCE == 0:
                    yield THIS_FRAME
            yield THIS_FRAME
        level = below


def _some_children(
    value: object, role: Role, *, is_root: bool, most: int
) -> Generator[object, None, tuple[list[Child], bool]]:
    """The first children of a value, and whether there are more."""
    found: list[Child] = []
    try:
        for child in children_of(value, role, is_root=is_root):
            if child is None:
                yield THIS_FRAME
            elif len(found) == most:
                return found, True
            else:
                found.append(child)
                if len(found) % PIECE == 0:
                    yield THIS_FRAME
    except RuntimeError:  # it has changed meanwhile
        return found, True
    return found, False


def _check_expected(current: object, expected: object) -> None:
    told = as_json(current)
    if told is UNKNOWN:
        raise InvalidParams("the current value is none that JSON can tell", "$.expected")
    if not _is_alike(told, expected):
        raise HandlerError("ValueChanged", f"the value is {cut(repr(told))}, not as expected")


def _is_alike(one: Any, other: Any) -> bool:
    """Whether two values from JSON are the same: 1 is 1.0, and true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_alike(one[key], other[key]) for key in one)
    return bool(one == other)
