"""`tweaks`: list, set and reset what the game lets clients tune; presets; saving into sources."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, cast

import msgspec

from stagedoor.live.domains.desk import Desk
from stagedoor.live.domains.slices import SLICE, TIMEOUT, in_slices
from stagedoor.live.domains.tweaks.presets import Presets
from stagedoor.live.domains.tweaks.registry import MAX_NAME, MAX_TWEAKS
from stagedoor.live.domains.tweaks.saving import Left, SavePlan, Sources, Tuned
from stagedoor.live.domains.tweaks.tweak import (
    LARGEST,
    MAX_TEXT,
    Scalar,
    Tweak,
    TweakInfo,
    Unreadable,
    converted,
    same,
)
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.wire.errors import InvalidParams, RpcError
from stagedoor.wire.similar import did_you_mean
from stagedoor.wire.text import exact, reason_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

CHANGED: Final = "tweaks.changed"
_MOST: Final = 1e300

Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Names = Annotated[list[Name], msgspec.Meta(max_length=MAX_TWEAKS)]
PresetName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Digest = Annotated[str, msgspec.Meta(max_length=64)]
Value: TypeAlias = (
    bool
    | Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
    | Annotated[float, msgspec.Meta(ge=-_MOST, le=_MOST)]
    | Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A set of values, kept in a file of the project."""

    name: str
    values: int
    """How many."""


@dataclass(frozen=True, slots=True)
class TweaksSet:
    """What came of setting many tweaks."""

    set: list[TweakInfo]
    left: list[Left]
    """Those that were not, each with its reason."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub, tweaks = parts.hub, parts.tweaks
    presets, sources = Presets(parts.project), Sources(parts.project)
    # A viewer who lists presets all the time keeps no operator waiting.
    desk, reading_desk = Desk("save"), Desk("presets")
    tweaks.on_add = sources.note

    def list_tweaks() -> Generator[object, None, list[TweakInfo]]:
        """The values that clients may tune, with their bounds. Runs no code of the game."""
        found = (tweak.info() for tweak in list(tweaks.by_name.values()))
        return cast(list[TweakInfo], (yield from in_slices(hub.ours_to_json, found)))

    def set_value(name: Name, value: Value) -> TweakInfo:
        """Set one value, within its bounds. Answers with what it is then."""
        tweak = _find(name)
        tweak.set(value)
        return _told(tweak)

    def reset(names: Names | None = None) -> Generator[object, None, TweaksSet]:
        """Set values back to their defaults.

        A default is what the value was when the game offered it, or what was saved into the source
        since. `names`: which; None: all that differ from it.
        """
        wanted, always = _those(names), names is not None
        steps = ((tweak.name, partial(_reset, tweak, always=always)) for tweak in wanted)
        return (yield from _all_set(steps))

    def list_presets() -> Generator[object, None, list[Preset]]:
        """The presets in the file `stagedoor-presets.toml` of the game's project."""
        found = yield from reading_desk.do(presets.all)
        items = (Preset(exact(name), len(values)) for name, values in found.items())
        return cast(list[Preset], (yield from in_slices(hub.ours_to_json, items)))

    def save_preset(
        preset: PresetName, names: Names | None = None
    ) -> Generator[object, None, Preset]:
        """Keep the present values as a preset. It takes the place of one of the same name.

        The file is `stagedoor-presets.toml` in the game's project. `names`: which tweaks; None:
        all.
        """
        _check_preset(preset)
        readable = yield from _readable(_those(names))
        values = {tweak.name: value for tweak, value in readable}
        yield from desk.do(partial(presets.put, preset, values))
        return Preset(preset, len(values))

    def load_preset(preset: PresetName) -> Generator[object, None, TweaksSet]:
        """Set the values of a preset. What does not fit any more is left, with the reason."""
        values = yield from desk.do(partial(presets.get, preset))
        return (yield from _all_set((name, partial(_set, name, values[name])) for name in values))

    def remove_preset(preset: PresetName) -> Generator[object, None, None]:
        """Take a preset out of the file."""
        yield from desk.do(partial(presets.remove, preset))

    def save(names: Names | None = None, digest: Digest = "") -> Generator[Any, None, SavePlan]:
        """Write values into the game's source, where their defaults stand.

        Without a `digest` nothing is written: the answer has the changes as a diff, and the digest
        that stands for them. Call it again with the digest to write exactly that. A default is
        written if it is one bool, int, float or str literal in a file of the game's project, in one
        place, and if the file is as it was when the game began. `names`: which tweaks; None: all
        that differ from their defaults.
        """
        readable = yield from _readable(_those(names))
        tuned = [
            Tuned(tweak, value)
            for tweak, value in readable
            if names is not None or not same(value, tweak.default)
        ]
        if not digest:
            return (yield from desk.do(partial(sources.plan, tuned)))
        plan = yield from desk.do(partial(sources.write, tuned, digest))
        for tweak, value in tuned:
            if tweak.name in plan.names:
                tweak.default = value
                _told(tweak)
        return plan

    def _all_set(
        steps: Iterable[tuple[str, Callable[[], TweakInfo | None]]],
    ) -> Generator[object, None, TweaksSet]:
        told, left = [], []
        for at, (name, step) in enumerate(steps, 1):
            try:
                if (info := step()) is not None:
                    told.append(info)
            except KeyboardInterrupt:
                raise
            except RpcError as error:
                left.append(Left(exact(name), exact(error.detail())))
                yield THIS_FRAME  # to find names that are like it took long
            except BaseException as error:  # of a setter of the game's
                left.append(Left(exact(name), reason_of(error)))
            if at % SLICE == 0:
                yield THIS_FRAME
        return TweaksSet(
            cast(list[TweakInfo], (yield from in_slices(hub.ours_to_json, told))),
            cast(list[Left], (yield from in_slices(hub.ours_to_json, left))),
        )

    def _set(name: str, value: object) -> TweakInfo:
        tweak = _find(name)
        tweak.set(value, "$")
        return _told(tweak)

    def _reset(tweak: Tweak, *, always: bool) -> TweakInfo | None:
        if not always and not tweak.info().changed:
            return None
        tweak.put(tweak.default)
        return _told(tweak)

    def _find(name: str, path: str = "$.name") -> Tweak:
        tweak = tweaks.by_name.get(name)
        if tweak is None:
            hint = did_you_mean(name, list(tweaks.by_name))
            raise InvalidParams(f"the game has no tweak {name!r}{hint}", path)
        return tweak

    def _those(names: list[str] | None) -> list[Tweak]:
        if names is None:
            return list(tweaks.by_name.values())
        return [_find(name, f"$.names[{at}]") for at, name in enumerate(dict.fromkeys(names))]

    def _told(tweak: Tweak) -> TweakInfo:
        info = tweak.info()
        hub.topics.emit(CHANGED, info)
        return info

    hub.topics.add(CHANGED, description="Each tweak that a client has set, as tweaks.list has it.")
    methods = hub.methods
    methods.add_built_in(list_tweaks, "tweaks.list", role="viewer")
    methods.add_built_in(set_value, "tweaks.set", role="operator")
    methods.add_built_in(reset, "tweaks.reset", role="operator", timeout=TIMEOUT)
    methods.add_built_in(list_presets, "tweaks.presets", role="viewer", timeout=TIMEOUT)
    methods.add_built_in(save_preset, "tweaks.save_preset", role="operator", timeout=TIMEOUT)
    methods.add_built_in(load_preset, "tweaks.load_preset", role="operator", timeout=TIMEOUT)
    methods.add_built_in(remove_preset, "tweaks.remove_preset", role="operator", timeout=TIMEOUT)
    methods.add_built_in(save, "tweaks.save", role="admin", timeout=TIMEOUT)


def _readable(tweaks: list[Tweak]) -> Generator[object, None, list[tuple[Tweak, Scalar]]]:
    """The tweaks whose value can be told and set again, with the value."""
    found = []
    for at, tweak in enumerate(tweaks, 1):
        if at % SLICE == 0:
            yield THIS_FRAME
        try:
            value = tweak.read()
        except Unreadable:
            continue
        if converted(value, tweak.kind) is not None:
            found.append((tweak, exact(value) if type(value) is str else value))
    return found


def _check_preset(name: str) -> None:
    if not name.isprintable():
        raise InvalidParams("expected printable characters", "$.preset")
