"""Names that are no UTF-8, as Python has them for files and much else: no method fails for one, and
none hides others."""

from __future__ import annotations

import enum
import json
import logging
import sys
import threading
from collections.abc import Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Annotated, Any, Literal

import msgspec
import pytest
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of

from stagedoor.live.access.names import full_name
from stagedoor.live.domains import DOMAINS
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.stall import Place
from stagedoor.wire.games import Game, decode_game, encode_game

BAD, SHOWN = "sp\udce9l", "sp\\udce9l"


class Kind(enum.Enum):
    BIG = "big"


def documented(value: str = BAD) -> Literal["a"]: ...


documented.__doc__ = f"Loads {BAD}.\n\n    >>> documented({BAD!r})\n    'a'\n"


def typed(
    kind: Kind, meta: Annotated[int, msgspec.Meta(description=BAD, examples=[object()])] = 1
) -> None: ...


class Odd:
    """An object that can be called, and whose documentation cannot be had."""

    def __call__(self, value: int = 1) -> None: ...

    def __getattribute__(self, name: str) -> Any:
        if name == "__doc__":
            raise RuntimeError("no words")
        return object.__getattribute__(self, name)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = new_hub()
    hub.name = full_name(BAD)
    parts = parts_of(hub)
    for domain in DOMAINS:
        domain.add_to(parts)
    monkeypatch.setattr(sys, "argv", [BAD, "--level", "good"])
    module = ModuleType(BAD)
    module.__file__, module.__version__ = f"/{BAD}.py", BAD  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, BAD, module)
    logging.getLogger(BAD)
    hub.topics.add("size of it", lambda: 1, description=BAD)
    hub.methods.add(documented)
    hub.methods.add(typed)
    hub.methods.add(Odd(), "odd")
    with parts.frames.span(BAD):
        pass
    release, waits = threading.Event(), threading.Event()

    def wait() -> None:
        waits.set()
        release.wait()

    code = wait.__code__.replace(co_filename=f"/{BAD}.py")
    thread = threading.Thread(target=FunctionType(code, globals(), None, None, wait.__closure__))
    thread.name = BAD
    thread.start()
    waits.wait()
    yield hub
    release.set()
    thread.join()
    logging.Logger.manager.loggerDict.pop(BAD, None)


CALLS: list[tuple[str, dict[str, Any], bool]] = [
    ("process.info", {}, True),
    ("process.modules", {"text": "sp", "count": 1000}, True),
    ("process.modules", {"text": "stagedoor"}, False),
    ("process.stacks", {}, True),
    ("topic.list", {}, True),
    ("rpc.discover", {}, True),
    ("logs.loggers", {}, True),
    ("logs.history", {}, False),
    ("sessions.list", {}, True),
    ("sessions.audit", {}, False),
    ("game.status", {}, True),
    ("frames.history", {}, False),
    ("frames.summary", {}, False),
]


def ask(hub: Hub, connection: FakeConnection, method: str, params: dict[str, Any]) -> Any:
    """The answer, which may take some frames."""
    answer = connection.call(method, params)
    while answer is None:
        frame(hub)
        answer = next(iter(connection.messages()), None)
    return answer


@pytest.mark.parametrize(("method", "params", "is_shown"), CALLS)
def test_a_method_answers_with_all_names(
    hub: Hub, method: str, params: dict[str, Any], is_shown: bool
) -> None:
    connection: Any = connect(hub)
    connection.headers = {"user-agent": BAD}
    frame(hub)
    answer = ask(hub, connection, method, params)
    assert "error" not in answer, answer
    shown = json.dumps(answer["result"], ensure_ascii=False)
    assert not any("\ud800" <= letter <= "\udfff" for letter in shown)
    assert (json.dumps(SHOWN)[1:-1] in shown) is is_shown


def test_a_method_that_cannot_be_described_hides_no_others(hub: Hub) -> None:
    connection: FakeConnection = connect(hub)
    methods = {
        one["name"]: one for one in ask(hub, connection, "rpc.discover", {})["result"]["methods"]
    }
    assert {"documented", "typed", "odd", "game.pause"} <= methods.keys()
    assert methods["documented"]["params"][0]["schema"]["default"] == SHOWN
    assert methods["odd"]["summary"] == ""


def test_a_place_and_the_file_of_a_running_game_have_them_escaped(hub: Hub) -> None:
    places = [Place.of(each) for frame in sys._current_frames().values() for each in stack(frame)]
    assert f"/{SHOWN}.py" in {place.file for place in places if place is not None}
    game = Game(full_name(BAD), 1, "127.0.0.1", 1, "ws://127.0.0.1:1/", 0.0, f"/{BAD}.pem")
    assert decode_game(encode_game(game)).certificate == f"/{SHOWN}.pem"


def stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
