"""A fake game that keeps to the contract of the RPC interface: methods, topics, batches, cancel.

stage = FakeStage()
with running(stage) as game, stagedoor.connect(game.url) as client:
    stage.publish("rocks", 3)
"""

import inspect
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from stagedoor.wire.errors import (
    Cancelled,
    HandlerError,
    InvalidParams,
    MethodNotFound,
    RpcError,
)

from .fake_game import FakeGame

NEVER = object()
"""The result of a method that answers only when it is cancelled."""


def spawn(kind: str, count: int = 1) -> int:
    """Add rocks."""
    return count


def fail() -> None:
    raise ZeroDivisionError("division by zero")


def build(steps: int) -> Iterator[int]:
    yield from range(steps)
    return steps * 10


def wait() -> object:
    return NEVER


def tell_then_wait() -> Iterator[str]:
    yield "begun"
    return NEVER


class FakeStage:
    """Answers requests, as `fake_game.Answer`."""

    def __init__(self) -> None:
        self.methods: dict[str, Callable[..., Any]] = {
            "spawn": spawn, "fail": fail, "build": build, "wait": wait,
            "echo": lambda *a, **k: a or k,
            "tell_then_wait": tell_then_wait, "player.heal": lambda amount: amount,
            "rpc.discover": lambda: DOCUMENT, "rpc.cancel": self.cancel,
            "topic.subscribe": self.subscribe, "topic.unsubscribe": self.unsubscribe,
            "topic.list": self.list_topics, "frame.batch": self.batch,
        }  # fmt: skip
        self.topics = {"rocks", "fps", "rpc.methods.changed"}
        self.past: list[object] = []
        self.subscribed = threading.Condition()
        self.filter: object = None
        self.cancelled: list[int] = []
        self.has_cancelled = threading.Event()
        self._numbers = itertools.count(7)
        self._keys: dict[tuple[object, ...], int] = {}
        self._open: dict[int, str] = {}
        self._sequences: dict[int, int] = {}
        self._game: FakeGame | None = None

    def __call__(self, game: FakeGame, call: dict[str, Any]) -> str | None:
        if game is not self._game or call["id" if "id" in call else "method"] == 1:
            self._open.clear()  # another connection
        self._game = game
        body: dict[str, object]
        try:
            result = self._run(call["method"], call.get("params"), call.get("id"))
            if result is NEVER:
                return None
            body = {"result": result}
        except RpcError as error:
            body = {"error": self._wire(error)}
        return json.dumps({"jsonrpc": "2.0", "id": call["id"], **body}) if "id" in call else None

    # Methods

    def cancel(self, id: int) -> bool:
        assert self._game is not None
        assert self._game.connection is not None
        self.cancelled.append(id)
        answer = {"jsonrpc": "2.0", "id": id, "error": self._wire(Cancelled())}
        self._game.connection.send(json.dumps(answer))
        self.has_cancelled.set()
        return True

    def batch(self, calls: list[Any], at: object, stop_on_error: bool) -> dict[str, object]:
        results: list[dict[str, object]] = []
        for call in calls:
            try:
                results.append({"result": self._run(call["method"], call.get("params"), None)})
            except RpcError as error:
                results.append({"error": self._wire(error)})
                if stop_on_error:
                    break
        return {"frame": 42 if at == "next" else at, "results": results}

    # Topics

    def list_topics(self) -> list[dict[str, str]]:
        return [{"name": name} for name in sorted(self.topics)]

    def subscribe(
        self,
        topic: str,
        mode: str = "latest",
        hz: float | None = None,
        history: int = 0,
        filter: object = None,
    ) -> dict[str, object]:
        self.filter = filter
        if topic not in self.topics:
            raise InvalidParams(f"there is no topic {topic}", "$.topic")
        number = self._keys.setdefault((topic, mode, hz), next(self._numbers))
        with self.subscribed:
            self._open[number] = topic
            self._sequences[number] = 0
            self.subscribed.notify_all()
        past = [{"time": 1.5, "frame": 1, "value": value} for value in self.past[-history:]]
        return {
            "subscription": number, "topic": topic, "mode": mode, "hz": hz, "sequence": 0,
            "history": past if history else [],
        }  # fmt: skip

    def unsubscribe(self, subscription: int) -> bool:
        with self.subscribed:
            found = self._open.pop(subscription, None) is not None
            self.subscribed.notify_all()
        return found

    @property
    def open_topics(self) -> list[str]:
        """What the client that came last is subscribed to."""
        return sorted(self._open.values())

    def wait_for(self, *topics: str) -> None:
        """Wait until the client is subscribed to these topics, and no others."""
        with self.subscribed:
            assert self.subscribed.wait_for(lambda: self.open_topics == sorted(topics), 10)

    def publish(self, topic: str, value: object) -> None:
        """A value for whoever is subscribed."""
        assert self._game is not None
        for number, name in list(self._open.items()):
            if name == topic:
                self._sequences[number] += 1
                self._game.notify("topic.data", {
                    "subscription": number, "topic": topic, "sequence": self._sequences[number],
                    "time": 2.5, "frame": 9, "value": value,
                })  # fmt: skip

    def drop(self, topic: str, count: int) -> None:
        """So many values that the client is too slow for."""
        assert self._game is not None
        for number, name in list(self._open.items()):
            if name == topic:
                self._sequences[number] += count
                params = {"subscription": number, "topic": topic, "count": count}
                self._game.notify("topic.dropped", params)

    # Details

    def _run(self, method: str, params: Any, id: object) -> Any:
        function = self.methods.get(method)
        if function is None:
            raise MethodNotFound(method)
        args, named = (params or [], {}) if isinstance(params, list) else ([], params or {})
        try:
            inspect.signature(function).bind(*args, **named)
        except TypeError as error:
            raise InvalidParams(str(error)) from error
        try:
            result = function(*args, **named)
            return self._stream(result, id) if inspect.isgenerator(result) else result
        except RpcError:
            raise
        except Exception as error:
            raise HandlerError(type(error).__name__, str(error)) from error

    def _stream(self, steps: Any, id: object) -> object:
        assert self._game is not None
        while True:
            try:
                value = next(steps)
            except StopIteration as finished:
                return finished.value
            self._game.notify("rpc.progress", {"id": id, "value": value})

    @staticmethod
    def _wire(error: RpcError) -> dict[str, object]:
        return {"code": error.code, "message": error.message, "data": error.data}


def _param(name: str, schema: object, required: bool = True) -> dict[str, object]:
    return {"name": name, "schema": schema, "required": required}


DOCUMENT: dict[str, Any] = {
    "openrpc": "1.3.2",
    "info": {"title": "asteroids", "version": "1"},
    "methods": [
        {
            "name": "spawn",
            "summary": "Add rocks.",
            "description": "Add rocks.\n\nThey come from the edge.",
            "params": [
                _param("kind", {"enum": ["big", "small"]}),
                _param("at", {"$ref": "#/components/schemas/Point"}, required=False),
                _param("count", {"type": "integer", "default": 1}, required=False),
            ],
            "result": {"name": "result", "schema": {"type": "integer"}},
            "x-role": "operator", "x-kind": "plain", "x-timeout": 5.0,
        },
        {
            "name": "player.heal",
            "summary": "Give the player health.",
            "params": [_param("amount", {"type": "number"})],
            "result": {"name": "result", "schema": {"type": "null"}},
            "x-role": "operator", "x-kind": "coroutine", "x-timeout": None,
        },
        {
            "name": "build",
            "summary": "Build a level.",
            "params": [_param("steps", {"type": "integer"})],
            "result": {"name": "result", "schema": {"type": "array", "items": {"type": "integer"}}},
            "x-role": "admin", "x-kind": "generator", "x-timeout": 60,
        },
    ],
    "components": {
        "schemas": {
            "Point": {
                "title": "Point", "type": "object", "required": ["x", "y"],
                "description": "A place in the world.",
                "properties": {
                    "x": {"type": "number"}, "y": {"type": "number"},
                    "label": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                },
            }
        }
    },
    "x-topics": [{"name": "rocks", "description": "How many rocks there are.", "role": "viewer"}],
}  # fmt: skip
