"""`Offers`: what a game offers to clients by its stage: methods, values, objects, nodes, tweaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar, overload

import stagedoor
from stagedoor import checks
from stagedoor.live.domains.parts import Parts
from stagedoor.live.net.threads import get_ident
from stagedoor.live.rpc.discover import describe
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.methods import check_options
from stagedoor.wire.roles import RoleName
from stagedoor.wire.text import exact

_NOTHING_AWAITS: Final = "let a task of yours keep the value, and return it here"
"""What to do in place of an async function."""

Function = TypeVar("Function", bound=Callable[..., Any])


class Offers:
    """A part of `Stage`. Any thread may call its methods."""

    _hub: Hub
    _parts: Parts

    @overload
    def rpc(self, function: Function, /) -> Function: ...
    @overload
    def rpc(
        self,
        function: None = None,
        /,
        *,
        name: str | None = None,
        role: RoleName = "operator",
        timeout: float | None = 5.0,
        thread: bool = False,
    ) -> Callable[[Function], Function]: ...
    def rpc(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        role: RoleName = "operator",
        timeout: float | None = 5.0,
        thread: bool = False,
    ) -> Any:
        """Let clients call a function: `@stage.rpc`, or `@stage.rpc(name="a.b")`.

        The type hints say what params it takes. A plain function runs in `tick()`, or on a thread
        of its own with `thread=True`. An `async def` function runs in the game's asyncio loop, or
        in a loop that the stage steps. A generator runs one step a frame, and each value that it
        yields is sent as progress.

        `role`: the lowest role that may call it. `timeout`: seconds that a call may take; None: no
        limit. The function is returned unchanged. Registering a name again replaces its method.
        Raises TypeError for hints that JSON cannot fill, and ValueError for an invalid name or
        option.
        """
        options: dict[str, Any] = {"name": name, "role": role, "timeout": timeout, "thread": thread}
        check_options(role, timeout, thread)
        if name is not None:
            self._hub.methods.check_name(name)
        if function is not None:
            self._hub.methods.add(function, **options)
            return function

        def register(function: Function) -> Function:
            self._hub.methods.add(function, **options)
            return function

        return register

    def rpc_all(self, prefix: str, instance: object, /, *, role: RoleName = "operator") -> None:
        """Let clients call each public method of an object, as `prefix.method`. Properties are
        left alone."""
        self._hub.methods.add_all(prefix, instance, role=role)

    def remove(self, name: str, /) -> None:
        """Remove a method. Calls under way go on. Raises KeyError for an unknown name, and
        ValueError for a built-in method."""
        self._hub.methods.remove(name)

    def encoder(self, kind: type, encode: Callable[[Any], Any], /) -> None:
        """Set how values of a type that JSON does not know are sent.

        `encode` gets a value of this type or of a subclass, and returns one that JSON knows.
        """
        checks.instance("kind", kind, type, "a class")
        checks.function("encode", encode, (1,), instead=_NOTHING_AWAITS)
        self._hub.encoders[kind] = encode

    def watch(
        self, name: str, read: Callable[[], Any], /, *, description: str = "", history: int = 0
    ) -> None:
        """Let clients subscribe to a live value.

        `read` is called once a frame in `tick()` while somebody subscribes or a history is kept,
        and not at all otherwise. `history`: how many values to keep for later subscribers. Watching
        a name again replaces its value. What is no UTF-8 in the name, as of a file, is escaped.
        Raises TypeError for a `read` that cannot be called without arguments, and ValueError for
        the name of a built-in topic, as `unwatch` and `emit` do.
        """
        name, topics = self._topic_name("name", name), self._hub.topics
        checks.function("read", read, (0,), instead=_NOTHING_AWAITS, what="a function")
        description = exact(checks.text("description", description, may_be_empty=True))
        checks.whole("history", history, 0)
        self._hub.on_game_thread(
            lambda: topics.add(
                name, read, description=description, history=history, is_watched=True
            ),
            may_drop=True,
        )

    def unwatch(self, name: str, /) -> None:
        """Remove a value, or a topic that was emitted. Its subscribers are told.

        Raises KeyError for an unknown name.
        """
        name, topics = self._topic_name("name", name), self._hub.topics
        if topics.get(name) is None and get_ident() != self._hub.game_thread:
            raise KeyError(f"there is no topic {name!r}")
        self._hub.on_game_thread(lambda: topics.remove(name), may_drop=True)

    def emit(self, topic: str, data: object, /) -> None:
        """Send `data` to the subscribers of a topic. Costs next to nothing without subscribers.

        On a thread other than the game's, `data` is passed on and sent in the next `tick()`, so do
        not change it after the call. At most 4 096 calls a frame are passed on. More are dropped,
        and a warning is logged.
        """
        topic, topics = self._topic_name("topic", topic), self._hub.topics
        if get_ident() == self._hub.game_thread:
            topics.emit(topic, data)
        elif (found := topics.get(topic)) is None or found.is_live:
            self._hub.on_game_thread(lambda: topics.emit(topic, data), may_drop=True)

    def node(
        self,
        name: str,
        target: object = None,
        /,
        *,
        each: Callable[[], Iterable[object]] | None = None,
        rect: object = None,
        text: str | Callable[..., str | None] | None = None,
        visible: bool | Callable[..., bool] | None = None,
        enabled: bool | Callable[..., bool] | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """Say what is on the screen, so that clients find it by `scene.find` and click it.

        `target`: the object that is seen there, held weakly where its type allows it; `each`:
        returns many objects, each of which is a node of this name. `rect`: left, top, width and
        height in pixels from the top left of the picture. That and `text`, `visible` and `enabled`
        may be functions, which get the object if there is one. They are called in `tick()` while a
        client asks. What is not given is read from the object's attribute of that name, if it has
        one. A node of the same name is replaced. Raises TypeError and ValueError for other values.
        """
        self._parts.scene.own.add(
            name,
            target,
            each=each,
            rect=rect,
            text=text,
            visible=visible,
            enabled=enabled,
            tags=tags,
        )

    def remove_node(self, name: str, /) -> None:
        """Take back what `node()` has said. Raises KeyError for an unknown name."""
        self._parts.scene.own.remove(name)

    def _topic_name(self, argument: str, name: str) -> str:
        """The name of a topic of the game's, as clients see it."""
        if type(name) is not str or not name.isascii() or not name:
            name = exact(checks.text(argument, name))
        if name in self._hub.topics.built_in:
            raise ValueError(f"{name}: this is a built-in topic; choose another name")
        return name

    def expose(self, name: str, value: object, /, *, methods: Iterable[str] = ()) -> None:
        """Let clients reach an object and what it leads to: viewers look, operators set values.

        `name`: paths to it begin with this: an identifier. `methods`: the names of those of its
        methods that operators may call. The object is held weakly if its type allows that.
        Exposing a name again replaces it. Raises TypeError for a class, a function, or a stage, and
        ValueError for an invalid name, or a method that is not there.
        """
        self._parts.roots.expose(name, value, methods)

    def unexpose(self, name: str, /) -> None:
        """Let clients reach an object no more. Raises KeyError for an unknown name."""
        self._parts.roots.unexpose(name)

    def tweak(
        self,
        name: str,
        owner: object,
        attribute: str | None = None,
        *,
        low: float | None = None,
        high: float | None = None,
        step: float | None = None,
        choices: Sequence[bool | int | float | str] | None = None,
        unit: str = "",
    ) -> None:
        """Let clients tune a bool, int, float or str: `stage.tweak("ship.thrust", ship, "thrust",
        low=0, high=500)`.

        `owner`: the object, class or module that has the attribute. It is kept weakly where its
        type allows that. `attribute`: None: each attribute that is annotated with `Bounds`, as
        `name.attribute`. `low`, `high`, `choices`: what clients may set; the game may set anything.
        Without any of these, the attribute's own annotation has them. `step`: by how much a slider
        moves. `unit`: what a number counts, for people. Offering a name again replaces it. Raises
        TypeError or ValueError for what cannot be tuned so, and AttributeError for an owner without
        the attribute.
        """
        self._parts.tweaks.add(
            name, owner, attribute, low=low, high=high, step=step, choices=choices, unit=unit
        )

    def describe(self) -> dict[str, Any]:
        """The OpenRPC document that `rpc.discover` returns."""
        return describe(self._hub, stagedoor.__version__)
