"""`Sources`: what was tuned live is written into the source, where the default stands.

A plan comes first: a diff for people, and a digest. `write()` carries out the plan that has this
digest, if the files and values are still as they were.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Final, NamedTuple, cast

from stagedoor import settings
from stagedoor.live.domains.tweaks import files
from stagedoor.live.domains.tweaks.files import Project, Refused
from stagedoor.live.domains.tweaks.source import Literal, Place, find, replaced
from stagedoor.live.domains.tweaks.tweak import Scalar, Tweak, brief, converted, same
from stagedoor.live.reach.plain import bases_of, first_of, instance_dict, module_of, value_in

_qualname_of: Final[Callable[[type], str]] = type.__dict__["__qualname__"].__get__


@dataclass(frozen=True, slots=True)
class Left:
    """A tweak that is left as it is."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class SavePlan:
    """What is, or was, written into sources."""

    diff: str
    """The changes as a unified diff, with paths from the project's folder on. Empty: none."""
    digest: str
    """Names this plan: give it to `tweaks.save` to carry the plan out."""
    names: list[str]
    """The tweaks whose value is written."""
    left: list[Left]
    """Those that are refused, each with its reason."""
    written: bool
    """The files have been written."""


class Tuned(NamedTuple):
    """A tweak with what its default is to become."""

    tweak: Tweak
    value: Scalar


class _Change(NamedTuple):
    name: str
    value: Scalar
    file: str
    place: Place
    literal: Literal


class Sources:
    """The sources of the game. Reads and writes a disk: `note()` alone is for the game's thread."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen: dict[str, tuple[int, int, int] | None] = {}
        """The signature that each file had when a tweak was first declared in it."""

    def note(self, tweak: Tweak) -> None:
        """The game has just declared this tweak: its sources are as they are now."""
        for file, _ in _places(tweak):
            if file not in self._seen:
                self._seen[file] = files.signature(file)

    def plan(self, tuned: Iterable[Tuned]) -> SavePlan:
        """What would be written."""
        return self._plan(tuned)[0]

    def write(self, tuned: Iterable[Tuned], digest: str) -> SavePlan:
        """Carry out the plan of this digest. Raises Refused if it would be another now."""
        plan, contents = self._plan(tuned)
        if plan.digest != digest:
            raise Refused(
                "the files or the values have changed since the diff was shown: look again"
            )
        for file, (before, after) in contents.items():
            files.write(file, after, before=before)
            self._seen = {
                seen: files.signature(seen) if os.path.realpath(seen) == file else known
                for seen, known in self._seen.items()
            }
        return SavePlan(plan.diff, plan.digest, plan.names, plan.left, written=bool(contents))

    def _plan(self, tuned: Iterable[Tuned]) -> tuple[SavePlan, dict[str, tuple[bytes, bytes]]]:
        sources: dict[str, bytes] = {}
        changes: list[_Change] = []
        left: list[Left] = []
        for one in tuned:
            try:
                changes.append(self._change(one, sources))
            except Refused as error:
                left.append(Left(one.tweak.name, error.text))
        changes = _agreed(changes, left)
        contents = {}
        for file in sorted({change.file for change in changes}):
            contents[file] = (
                sources[file],
                _changed(sources[file], [change for change in changes if change.file == file]),
            )
        diff, digest = "", hashlib.sha256()
        for file, (before, after) in contents.items():
            diff += self._diff(file, before, after)
            for part in (os.fsencode(file), before, after):
                digest.update(len(part).to_bytes(8, "little") + part)
        names = [change.name for change in changes]
        return SavePlan(diff, digest.hexdigest(), names, left, written=False), contents

    def _change(self, tuned: Tuned, sources: dict[str, bytes]) -> _Change:
        tweak, value = tuned
        if converted(value, tweak.kind) is None:
            raise Refused("its value cannot be written as one literal")
        why = "its class or module has no source file"
        for declared, place in _places(tweak):
            try:
                file = self._project.own(declared)
            except Refused as error:
                why = error.text
                continue
            shown = self._project.shown(file)
            if files.signature(declared) != self._seen.get(declared):
                raise Refused(f"{shown} has changed since the game began: start the game again")
            if file not in sources:
                sources[file] = files.read(file) or b""
            try:
                found = find(sources[file], place)
            except Refused as error:
                raise Refused(f"{shown}: {error.text}") from error
            if found is not None:
                self._check(tweak, f"{shown}, line {found.line}", found)
                return _Change(tweak.name, value, file, place, found)
            why = f"no source of the game's own assigns {tweak.attribute}"
        raise Refused(why)

    def _check(self, tweak: Tweak, where: str, found: Literal) -> None:
        if not same(found.value, tweak.default):
            raise Refused(
                f"the game began with {brief(tweak.default)}, and {where} has "
                f"{brief(found.value)}: what it begins with is computed elsewhere"
            )

    def _diff(self, file: str, before: bytes, after: bytes) -> str:
        shown = self._project.shown(file)
        lines = difflib.unified_diff(
            _lines(before), _lines(after), f"a/{shown}", f"b/{shown}", lineterm="",
        )  # fmt: skip
        return "".join(f"{line}\n" for line in lines)


def _agreed(changes: list[_Change], left: list[Left]) -> list[_Change]:
    """The changes without those that would write different values in one place: they are left."""
    by_place: dict[tuple[str, int], list[_Change]] = {}
    for change in changes:
        by_place.setdefault((change.file, change.literal.begin), []).append(change)
    agreed = []
    for shared in by_place.values():
        if all(same(one.value, shared[0].value) for one in shared):
            agreed += shared
        else:
            reason = f"{', '.join(one.name for one in shared)} have one default, and differ"
            left += [Left(one.name, reason) for one in shared]
    return agreed


def _changed(source: bytes, changes: list[_Change]) -> bytes:
    """The source with these changes; each is found again in it. Raises Refused."""
    after = replaced(source, {change.literal: change.value for change in changes})
    for change in changes:
        found = find(after, change.place)
        if found is None or not same(found.value, change.value):
            raise Refused(f"{change.name} cannot be written into this source")
    return after


def _lines(source: bytes) -> list[str]:
    return [line.decode() for line in source.splitlines()]


def _places(tweak: Tweak) -> list[tuple[str, Place]]:
    """Where the default of a tweak may stand: files, and what to look for in each. The object's own
    class comes first, then those above it."""
    owner = tweak.owner
    if owner is None:
        return []
    if first_of(owner, (ModuleType,)) is not None:
        file = _file_of(owner)
        return [] if file is None else [(file, Place(tweak.attribute, None))]
    of_object = first_of(owner, (type,)) is None
    kinds = bases_of(type(owner)) if of_object else (cast(type, owner),)
    found = []
    for kind in kinds:
        if (file := _file_of(sys.modules.get(module_of(kind)))) is not None:
            classes = tuple(_qualname_of(kind).split("."))
            found.append((file, Place(tweak.attribute, classes, of_object)))
    return found


def _file_of(module: object) -> str | None:
    if first_of(module, (ModuleType,)) is None:
        return None
    names = instance_dict(module)
    if value_in(names, "__name__") in ("__main__", "__mp_main__"):
        return settings.program_file()
    file = value_in(names, "__file__")
    return file if type(file) is str else None
