"""`Sight`: what one filter of the topic `objects` shows, scanned in pieces."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from stagedoor.live.domains.objects.box import OTHER, Box, is_same, remembered
from stagedoor.live.domains.objects.known import MAX_NODES, Known
from stagedoor.live.language.path import Path
from stagedoor.live.reach import rules
from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.members import Child, Way
from stagedoor.live.reach.node import LONGEST_VALUE, Node, children_of, node_at, node_of_child
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.setting import UNKNOWN, as_json
from stagedoor.live.reach.walk import walk
from stagedoor.live.topics.topic import NOTHING
from stagedoor.wire.roles import Role
from stagedoor.wire.text import exact

LOOKED_AT: Final = 64
"""How many values are compared in one piece of a scan."""
MADE: Final = 16
"""How many nodes are made in one piece."""
_BOXES: Final = frozenset({"list", "dict", "set", "array", "object"})
"""Kinds of values that are gone into, also while they are empty."""


class Filter(NamedTuple):
    """What a client watches."""

    paths: tuple[Path, ...]
    depth: int
    hidden: bool
    role: Role
    """The role that has asked. What it may not see is not shown."""


class Sight:
    """What a filter shows. Everybody who watches with this filter has this object as their view.

    It keeps nothing of the game alive between two scans.
    """

    def __init__(self, roots: Roots, filter: Filter, encode: Callable[[Any], bytes]) -> None:
        self.filter = filter
        self.scans = 0
        """How many scans are complete. This is the version of what is known."""
        self.known = Known(encode)
        self._roots = roots
        self._tops: dict[str, Box] = {}
        """The boxes of the paths themselves."""
        self._scan: Generator[None, None, None] | None = None
        self._due = 0.0

    @property
    def role(self) -> Role:
        """Who is below this role may not see it."""
        return self.filter.role

    def __call__(self, _: object) -> Any:
        """As a view: its values come from `news()`."""
        return NOTHING

    def news(self, since: int) -> Any:
        """What has changed after that scan, or `NOTHING`."""
        if not self.scans:
            return NOTHING
        found = self.known.news(since)
        return NOTHING if found is None else found

    def step(self, now: float, hz: float, is_time_up: Callable[[], bool]) -> None:
        """Go on with a scan, or begin one if it is time for that: one piece at least."""
        if self._scan is None:
            if now < self._due:
                return
            interval = 1.0 / hz
            self._due = self._due + interval if now - self._due < interval else now + interval
            self._scan = self._steps(self.scans + 1)
        for _ in self._scan:
            if is_time_up():
                return
        self._scan = None

    def _steps(self, version: int) -> Generator[None, None, None]:
        tops: dict[str, Box] = {}
        for path in self.filter.paths:
            yield from self._top(path, version, tops)
            yield
        for text, box in self._tops.items():
            if text not in tops:
                self._forget(box, version)
        self._tops = tops
        self.scans = version

    def _top(self, path: Path, version: int, tops: dict[str, Box]) -> Generator[None, None, None]:
        """One of the paths of the filter."""
        text, role = str(path), self.filter.role
        try:
            place = yield from walk(self._roots, path, role)
        except ReachFault as fault:
            gone = Node(path=text, name=text, kind="gone", error=exact(str(fault))[:1000])
            self.known.put(text, gone, version)
            return
        value, is_root, box = place.found.value, place.is_root, self._tops.get(text)
        if box is None or box.kind is not type(value) or box.is_old:
            node = node_at(place, role)
            is_box = node.kind in _BOXES or (is_root and node.kind == "module")
            if is_box:
                node.value = UNSET  # what is in it is told by itself
            self.known.put(text, node, version)
            if not is_box or not self.filter.depth:
                return
            box = box or Box(MAX_NODES)
        del place  # it keeps what is on the way
        tops[text] = box
        yield from self._inside(box, text, value, self.filter.depth, version, is_root)

    def _inside(
        self, box: Box, prefix: str, value: Any, depth: int, version: int, is_root: bool = False
    ) -> Generator[None, None, None]:
        """What is one step below a value, and below that."""
        taken = None if box.is_old else box.take(value)
        if taken is None:
            yield from self._one_by_one(box, prefix, value, depth, version, is_root)
            return
        last, below = box.last, box.below
        deeper = []
        for looked, (at, path) in enumerate(box.places, 1):
            if looked % LOOKED_AT == 0:
                yield
            if at < 0:
                continue
            new, old = taken[at], last[at]
            if new is old:
                continue
            told = remembered(new)
            if told is OTHER and old is OTHER:
                if not self._is_right(path, new, box.kinds, version):
                    box.is_old = True
                    break
                if (inner := below.get(path)) is not None:
                    deeper.append((inner, path, new))
            elif not self._is_told(path, told, old, version):
                box.is_old = True
                break
            else:
                last[at] = told
        if box.is_old:  # something is of another kind now
            yield from self._one_by_one(box, prefix, value, depth, version, is_root)
            return
        del taken
        for inner, path, new in deeper:
            yield from self._inside(inner, path, new, depth - 1, version)
        yield

    def _one_by_one(
        self, box: Box, prefix: str, value: Any, depth: int, version: int, is_root: bool
    ) -> Generator[None, None, None]:
        """Go through the children, and make the nodes of those that differ."""
        role, known = self.filter.role, self.known
        is_due, before = box.is_old, box.remembered_by_path()
        old_places, old_below, old_kinds = box.places, box.below, box.kinds
        box.begin(value)
        box.below, paths, deeper = {}, set(), []
        made, is_plain = 0, True
        for looked, child in enumerate(self._children(value, is_root), 1):
            if looked % LOOKED_AT == 0:
                yield
            path, inner = f"{prefix}{child.step}", child.found.value
            if path not in known and known.is_full:
                continue
            is_seen = child.found.way is Way.VALUE and rules.is_open(child.name, role)
            told = remembered(inner) if is_seen else OTHER
            is_taken = box.add(child, path, told)
            paths.add(path)
            within = old_below.get(path)
            if path not in known:
                is_known = False
            elif told is not OTHER:
                is_known = self._is_told(path, told, before.get(path, OTHER), version)
            elif is_due:
                is_known = False
            else:
                is_known = not is_seen or self._is_right(path, inner, old_kinds, version)
            if not is_known:
                node = node_of_child(value, prefix, child, role)
                known.put(path, node, version)
                is_box = depth > 1 and node.kind in _BOXES
                within = (within or Box(MAX_NODES)) if is_box else None
                made += 1
                if made % MADE == 0:
                    yield
            if within is not None:
                box.below[path] = within
                deeper.append((within, path, inner))
            if is_seen and not (is_taken and self._tells_all(told, path)):
                is_plain = False
        box.is_plain = is_plain
        if is_due:
            box.is_old = False
        for _, path in old_places:
            if path not in paths:
                known.drop(path, version)
        for path, within in old_below.items():
            if path not in box.below:
                self._forget(within, version)
        yield
        for within, path, inner in deeper:
            yield from self._inside(within, path, inner, depth - 1, version)

    def _children(self, value: Any, is_root: bool) -> Iterator[Child]:
        found = children_of(value, self.filter.role, is_root=is_root, every=self.filter.hidden)
        try:
            for count, child in enumerate(found):
                if count >= MAX_NODES:
                    return
                if child is not None:
                    yield child
        except RuntimeError:  # another thread changes it at this moment: the next scan sees more
            return

    def _tells_all(self, told: object, path: str) -> bool:
        """Whether a scan sees by the value what changes: of an object, the preview may change."""
        return told is not OTHER or self.known.value_of(path) is not UNSET

    def _is_told(self, path: str, told: Any, old: Any, version: int) -> bool:
        """Whether it is enough to tell the value of a number or text: the node is right."""
        if type(told) is not type(old):
            return False
        return is_same(told, old) or self._set(path, told, version)

    def _is_right(self, path: str, value: Any, kinds: dict[str, int], version: int) -> bool:
        """Whether the node of a value is right that is neither number nor text, as it has the type
        that it had. If it is one that is told, as a vector, the value is."""
        if kinds.get(path) != id(type(value)):
            return False
        known = self.known.value_of(path)
        if known is UNSET:
            return True
        told = as_json(value)
        if told is UNKNOWN:
            return False
        if told != known:
            self.known.set(path, told, version)
        return True

    def _set(self, path: str, value: Any, version: int) -> bool:
        """A number or text is another one of its type. Returns whether to say so is enough."""
        told = as_json(value)
        if told is UNKNOWN or (type(told) is str and len(told) > LONGEST_VALUE):
            return False
        if self.known.value_of(path) is UNSET:  # it was too long to be told
            return False
        self.known.set(path, told, version)
        return True

    def _forget(self, box: Box, version: int) -> None:
        """Nothing of what was in a box is shown any more."""
        boxes = [box]
        while boxes:
            one = boxes.pop()
            for _, path in one.places:
                self.known.drop(path, version)
            boxes += one.below.values()
