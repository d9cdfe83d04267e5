"""The topic `objects`: what is below some paths, then what changes of it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time
from typing import TYPE_CHECKING, Annotated, Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

import msgspec

from stagedoor.live.domains.objects.known import MAX_NODES
from stagedoor.live.domains.objects.sight import Filter, Sight
from stagedoor.live.domains.objects.telling import telling
from stagedoor.live.domains.topic import MAX_HISTORY_SIZE
from stagedoor.live.language.path import Attribute, Path, parse_path
from stagedoor.live.pacing.budget import Budget
from stagedoor.live.reach import rules
from stagedoor.live.reach.node import Node
from stagedoor.live.reach.roots import MAIN, Roots
from stagedoor.live.rpc.hints import shape_of
from stagedoor.live.rpc.shape import find_fault
from stagedoor.live.topics.topic import NOTHING, Group, Sample
from stagedoor.live.topics.topics import Topics
from stagedoor.wire.errors import Forbidden, InternalError, InvalidParams
from stagedoor.wire.roles import Role
from stagedoor.wire.text import reason_of, text_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

TOPIC: Final = "objects"
MAX_HZ: Final = 60.0
MAX_PATHS: Final = 64
MAX_STEPS: Final = 256
MAX_LENGTH: Final = 4000
"""The most steps of all paths of a filter, and characters of them."""
SHARE: Final = 0.25
FIRST_SHARE: Final = 0.5
"""The part of the budget of a frame that scans take, and while somebody waits for a first one. One
piece is always scanned."""
BETWEEN: Final = 1.0
"""Seconds between two snapshots for a group."""
LONGEST: Final = 0.002
"""The longest budget of which that is a part, in seconds."""


class ObjectNews(msgspec.Struct):
    """A value of the topic `objects`."""

    snapshot: bool
    """This is all there is: forget what came before."""
    nodes: list[Node]
    """What has come, or has another type or preview, as in objects.children."""
    values: dict[str, Any]
    """The `value` of nodes that are as before otherwise, by their paths."""
    gone: list[str]
    """The paths of what is there no more."""
    more: bool
    """There is more below the paths than is shown: 4 096 nodes."""


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The `filter` of a subscription."""

    paths: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]],
        msgspec.Meta(min_length=1, max_length=MAX_PATHS),
    ]
    depth: Annotated[int, msgspec.Meta(ge=0, le=8)] = 1
    hidden: bool = False


_SHAPE: Final = shape_of(_Asked)
_PATHS: Final = "$.filter.paths"


class Watching:
    """What clients watch. Those with the same filter and role share a `Sight`, and so a scan.

    Game thread only.
    """

    def __init__(
        self, roots: Roots, budget: Budget, topics: Topics, encode: Callable[[Any], bytes]
    ) -> None:
        self._roots = roots
        self._topics = topics
        self._budget = budget
        self._encode = encode
        self._turn = 0
        self._first = 0
        """Counts the groups that have had their turn to be told something."""
        self._snapshots: WeakKeyDictionary[Group, float] = WeakKeyDictionary()
        """When each group has had a snapshot."""
        self._sights: WeakValueDictionary[Filter, Sight] = WeakValueDictionary()

    def view_of(self, asked: Any, role: Role) -> Sight:
        """The view for the filter of a subscription. Raises InvalidParams or Forbidden."""
        try:
            given = msgspec.convert(asked, _Asked)
        except msgspec.ValidationError as error:
            fault = find_fault(_SHAPE, asked, "$.filter")
            raise fault or InvalidParams(text_of(error), "$.filter") from None
        if given.hidden and role < Role.ADMIN:
            raise Forbidden(Role.ADMIN.label, "hidden shows names that begin with an underscore")
        if sum(map(len, given.paths)) > MAX_LENGTH:
            raise InvalidParams(f"expected {MAX_LENGTH:,} characters in all at most", _PATHS)
        paths: list[Path] = []
        for at, text in enumerate(given.paths):
            with telling(f"$.filter.paths[{at}]"):
                paths.append(parse_path(text))
                _check_names(paths[-1], role)
            if sum(len(path.steps) for path in paths) > MAX_STEPS:
                raise InvalidParams(f"expected {MAX_STEPS} steps in all at most", _PATHS)
        filter = Filter(tuple(dict.fromkeys(paths)), given.depth, given.hidden, role)
        sight = self._sights.get(filter)
        if sight is None:
            sight = self._sights[filter] = Sight(self._roots, filter, self._encode)
        return sight

    def step(self, frame: int, wall: float, now: float) -> None:
        """Go on with the scans, and publish to each group that is due what is new to it."""
        topic = self._topics.get(TOPIC)
        if topic is None:
            return
        groups = [group for group in topic.groups.values() if isinstance(group.view, Sight)]
        try:
            self._scan(groups, now)
        except Exception as error:  # as a game may have changed what Python itself is
            for group in groups:
                self._topics.fail(group, InternalError(reason_of(error)))
            return
        sample = Sample(wall, frame, None)
        until = perf_counter() + SHARE * min(self._budget.seconds, LONGEST)
        first = self._first % max(len(groups), 1)
        for group in groups[first:] + groups[:first]:
            self._first += 1
            self._tell(group, sample, now)
            if perf_counter() >= until:
                return

    def _tell(self, group: Group, sample: Sample, now: float) -> None:
        """Publish what is new to a group, if it is due."""
        sight = group.view
        assert isinstance(sight, Sight)
        if group.seen == sight.scans or not group.is_due(now):
            return
        if not group.seen and not self._may_have_all(group, now):
            return
        news = sight.news(group.seen)
        group.seen = sight.scans
        if news is not NOTHING:
            self._topics.publish_to(group, sample, news)
            group.wait(now)

    def _may_have_all(self, group: Group, now: float) -> bool:
        """A snapshot may be large, and who reads slowly loses much: they get one a second."""
        last = self._snapshots.get(group)
        if last is not None and now - last < BETWEEN:
            return False
        self._snapshots[group] = now
        return True

    def _scan(self, groups: list[Group], now: float) -> None:
        """Sights take turns, for as long as there is time: one piece at least."""
        rates: dict[Sight, float] = {}
        for group in groups:
            assert isinstance(group.view, Sight)
            rates[group.view] = max(rates.get(group.view, 0.0), group.hz or MAX_HZ)
        is_first = any(not sight.scans for sight in rates)
        share = FIRST_SHARE if is_first else SHARE
        until = perf_counter() + share * min(self._budget.seconds, LONGEST)

        def is_time_up() -> bool:
            return perf_counter() >= until

        sights = list(rates)
        first = self._turn % max(len(sights), 1)
        for sight in sights[first:] + sights[:first]:
            self._turn += 1
            sight.step(now, rates[sight], is_time_up)
            if is_time_up():
                return

    def recall(self, count: int, group: Group) -> list[Sample]:
        """All that the group has been told, for somebody who joins it."""
        if not group.seen or not isinstance(group.view, Sight):
            return []
        snapshot = group.view.news(0)
        if memoryview(snapshot).nbytes > MAX_HISTORY_SIZE:
            group.seen = 0  # it is too large for an answer: all members get it once more
            return []
        return [Sample(time(), 0, snapshot)]


def _check_names(path: Path, role: Role) -> None:
    """Raise Closed for a path that leads where this role may not look, whatever is there."""
    if path.root != MAIN:
        rules.check_open(path.root, role)
    for step in path.steps:
        name = step.name if isinstance(step, Attribute) else rules.name_of_key(step.key)
        rules.check_open(name, role)


def add_to(parts: Parts, /) -> None:
    """Register the topic."""
    hub = parts.hub
    watching = Watching(parts.roots, parts.budget, hub.topics, hub.ours_to_json)
    topic = hub.topics.add(
        TOPIC,
        description="What is below some paths, then what changes of it, 60 times a second at most: "
        "{snapshot, nodes, values, gone, more}. Needs a filter: {paths, depth, hidden}; depth 1 is "
        f"what is one step below, and {MAX_NODES} nodes are shown at most. Goes on while the game "
        "is paused. The mode does not matter.",
    )
    topic.needs_filter = True
    topic.modes = ("latest", "change", "all")
    topic.max_hz = MAX_HZ
    topic.stream = watching.step
    topic.recall = watching.recall
    topic.view_of = watching.view_of
