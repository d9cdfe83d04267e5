"""`walk()` and `resolve()`: the value at a path, if it leads there for this caller."""

from __future__ import annotations

from collections.abc import Generator
from itertools import islice
from typing import Any, Final, NamedTuple

from stagedoor.live.language.path import Attribute, Item, Path, Step, parse_path
from stagedoor.live.reach import rules
from stagedoor.live.reach.faults import Closed, Missing, Raised
from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.members import (
    LISTS,
    Found,
    Way,
    attribute_in_steps,
    attributes,
    container_of,
    count_items,
    item,
)
from stagedoor.live.reach.plain import MISSING, instance_dict, size_of, type_name
from stagedoor.live.reach.roots import GONE, MAIN, Root, Roots
from stagedoor.wire.roles import Role
from stagedoor.wire.similar import did_you_mean
from stagedoor.wire.text import reason_of, with_article

MANY: Final = 1000
"""With more names or keys, a step is a piece of its own: a path may have many steps."""
MOST_COMPARED: Final = 50
"""How many attributes are compared with a name that is not there."""
MOST_SEARCHED: Final = 8
"""How many pieces of a search in large dicts and sets `resolve()` makes at once."""


class Place(NamedTuple):
    """Where a path leads."""

    path: Path
    root: Root
    found: Found
    """What is there: a value, or what would have to run to get one."""
    parent: Any
    """What the last step went from; MISSING for a root."""
    key: Any
    """The key of a dict, as an object; MISSING elsewhere."""
    trail: tuple[Any, ...] = ()
    """The values on the way, from the root to the parent."""

    @property
    def is_root(self) -> bool:
        return not self.path.steps

    @property
    def step(self) -> Step | None:
        """The last step; None for a root."""
        return self.path.steps[-1] if self.path.steps else None

    @property
    def is_exposed_method(self) -> bool:
        """It is a method that operators may call: see `stage.expose()`."""
        step = self.step
        is_of_root = len(self.path.steps) == 1
        return is_of_root and isinstance(step, Attribute) and step.name in self.root.methods

    def ancestors(self) -> dict[int, str]:
        """The paths of the values on the way and of this one, by their identities."""
        text, found = self.path.root, {}
        for value, step in zip(self.trail, self.path.steps, strict=True):
            found[id(value)] = text
            text = f"{text}{step}"
        found[id(self.found.value)] = text
        return found

    @property
    def value(self) -> Any:
        """The value that is there. Raises Closed if code would have to run for it."""
        if self.found.way is Way.LAZY:
            raise _lazy(self.path)
        return self.found.value


def resolve(roots: Roots, path: Path | str, role: Role, *, evaluate: bool = False) -> Any:
    """The value at a path. Raises ReachFault, and SyntaxFault for a text that is no path.

    `evaluate`: run properties and `__getattr__` on the way; only for who may. For a key of a very
    large dict or set, use `walk()`: a search must not stop a frame.
    """
    return resolve_place(roots, path, role, evaluate=evaluate).value


def resolve_place(roots: Roots, path: Path | str, role: Role, *, evaluate: bool = False) -> Place:
    """`resolve()` with what is known of the place."""
    steps = walk(roots, path, role, evaluate=evaluate)
    for _ in range(MOST_SEARCHED):
        try:
            next(steps)
        except StopIteration as stop:
            place: Place = stop.value
            return place
    steps.close()
    raise Missing(f"{path}: the dict or set on the way is too large to be searched at once")


def walk(
    roots: Roots, path: Path | str, role: Role, *, evaluate: bool = False
) -> Generator[None, None, Place]:
    """Go along a path. Yields None after each piece of a long search, and after each step that is
    one. Raises as `resolve()`."""
    if isinstance(path, str):
        path = parse_path(path)
    root, found = _root(roots, path.root, role)
    parent: Any = MISSING
    key: Any = MISSING
    is_root = True
    trail: list[Any] = []
    for at, step in enumerate(path.steps):
        parent = _enter(found, path, at, is_root=is_root)
        trail.append(parent)
        if isinstance(step, Attribute):
            rules.check_open(step.name, role)
            inner = yield from attribute_in_steps(parent, step.name, is_root=is_root)
            key = MISSING
        else:
            if isinstance(step.key, str):
                rules.check_open(step.key, role)
            child = yield from item(parent, step)
            if child is not None:
                rules.check_open(child.name, role)
            inner = None if child is None else child.found
            key = MISSING if child is None else child.key
        if _is_searched(parent):
            yield
        if inner is None:
            raise _nothing(parent, path.upto(at), step, role, is_root=is_root)
        if inner.way is Way.LAZY and evaluate and isinstance(step, Attribute):
            inner = Found(Way.VALUE, run(parent, step.name, path.upto(at + 1)), in_class=True)
        found, is_root = inner, False
    return Place(path, root, found, parent, key, tuple(trail))


def _is_searched(parent: object) -> bool:
    """Whether it takes a while to find something in it: many names or keys are compared."""
    if size_of(instance_dict(parent)) > MANY:
        return True
    kind = container_of(parent)
    return kind is not None and kind not in LISTS and count_items(parent) > MANY


def run(value: object, name: str, path: Path | str) -> Any:
    """The value of a property or of `__getattr__`: code of the game runs. Raises Raised."""
    try:
        return getattr(value, name)
    except KeyboardInterrupt:  # Ctrl-C is the game's
        raise
    except BaseException as error:
        raise Raised(f"{path} raised {reason_of(error)}", error) from error


def _root(roots: Roots, name: str, role: Role) -> tuple[Root, Found]:
    if name != MAIN:
        rules.check_open(name, role)
    root = roots.get(name)
    if root is None:
        names = [one.name for one in roots if one.is_open(role)]
        known = f"; expected {' or '.join(names[:10])}" if names else "; nothing is exposed"
        raise Missing(f"there is no root {name!r}{did_you_mean(name, names) or known}")
    if (value := root.value) is GONE:
        raise Missing(f"the {root.type} that was exposed as {name!r} is gone")
    return root, Found(Way.VALUE, value)


def entered(place: Place) -> Any:
    """The value that is there, if a path may go on from it. Raises Closed."""
    return _enter(place.found, place.path, len(place.path.steps), is_root=place.is_root)


def _enter(found: Found, path: Path, at: int, *, is_root: bool) -> Any:
    """The value to go on from, after so many steps."""
    if found.way is Way.LAZY:
        raise _lazy(path.upto(at))
    if found.way is Way.ROUTINE or rules.is_leaf(found.value, is_root=is_root):
        kind = "method" if found.way is Way.ROUTINE else type_name(type(found.value))
        raise Closed(f"{path.upto(at)} is {with_article(kind)}, and no path goes through it", None)
    return found.value


def _lazy(path: Path) -> Closed:
    reason = f"{path} is worked out by code of the game: reading it is for admins, who ask for it"
    return Closed(reason, rules.EVALUATES, is_code=True)


def _nothing(value: object, here: Path, step: Step, role: Role, *, is_root: bool) -> Missing:
    """Says up to where the path leads, and what is there."""
    what = f"its type is {type_name(type(value))}"
    if isinstance(step, Attribute):
        some = islice(attributes(value, is_root=is_root), MOST_COMPARED)
        names = [one.name for one in some if one and one.name and rules.is_open(one.name, role)]
        meant = did_you_mean(step.name, names) or f"; {what}"
        if container_of(value) is dict:
            meant += f"; a key stands in brackets: {here}{Item(step.name)}"
        return Missing(f"{here} is there, and has no attribute {step.name!r}{meant}")
    if type(value) is Handles:
        return Missing(f"{here}{step} is gone, or was never there: scene.find tells what is")
    if container_of(value) is None and not count_items(value):
        return Missing(f"{here} is there, and has no items; {what}")
    return Missing(f"{here} is there, and has no {step}; {what}, with {count_items(value):,} items")
