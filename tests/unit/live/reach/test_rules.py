"""What may be reached: a row for each way that leads out of the game's data, and who may go it."""

from __future__ import annotations

import asyncio
import collections
import enum
import functools
import os
import sys
import threading
import types
import weakref
from typing import Any

import msgspec
import pytest

import stagedoor
from stagedoor.live.reach.faults import Closed, Missing, ReachFault
from stagedoor.live.reach.node import children_of, node_at, node_of_child, node_of_root
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.walk import resolve, resolve_place
from stagedoor.live.stage import Stage
from stagedoor.wire.roles import Role

SECRET = "hunter2"


class Named(enum.Enum):
    PASSWORD = 1
    HP = 2


class Text(str):
    __slots__ = ()


class TextName(str, enum.Enum):  # noqa: UP042 (its members are keys of either kind)
    API_KEY = "x"


class SlottedLogin:
    __slots__ = ("password",)


class MyStage(Stage):
    """A stage as a game may derive one."""


Login = collections.namedtuple("Login", "user password")
module = types.ModuleType("settings")
module.__dict__.update(volume=3, token=SECRET, _hidden=4, os=os, system=os.system)


def function() -> None: ...


def frame() -> Any:
    return sys._getframe()


async def coroutine() -> None: ...


async def asynchronous() -> Any:
    yield


class Game:
    """The game, with all that must not be a way out of it."""

    speed = 3

    def __init__(self) -> None:
        self.account = types.SimpleNamespace(user="me", password=SECRET, _pin=SECRET)
        self.by_key = {"user": "me", "password": SECRET}
        self.score = 7
        self.me = self
        self.module = module
        self.sys = sys
        self.function = function
        self.closure = lambda: self
        self.builtin = len
        self.system = os.system
        self.method = self.update
        self.bound = [].append
        self.partial = functools.partial(function)
        self.cached = functools.lru_cache(function)
        self.kind = Game
        self.enum = Named
        self.frame = frame()
        self.code = function.__code__
        self.generator = (x for x in ())
        self.coroutine = coroutine()
        self.coroutine.close()
        self.asyncgen = asynchronous()
        self.cell = types.CellType(1)
        self.property = property(function)
        self.proxy = types.MappingProxyType({"a": 1})
        self.ref = weakref.ref(function)
        self.weakproxy = weakref.proxy(function)
        self.super = super()
        self.static = staticmethod(function)
        self.alias = list[int]
        self.getset = Game.__dict__["__dict__"]
        self.member = SlottedLogin.__dict__["password"]
        self.view = memoryview(b"abc")
        self.environ = os.environ
        try:
            raise ValueError
        except ValueError as error:
            self.traceback = error.__traceback__
            self.error = error
        self.stage = Stage("rules")
        self.mine = MyStage("rules")
        self.hub = self.stage._hub
        self.limits = stagedoor.Limits()
        self.keep = {"stage": self.stage, "token": SECRET, "_x": 1, "__builtins__": {}, "a": 1}
        self._private = 1
        self.__mangled = 2
        self.password = SECRET
        self.logins = [Login("me", SECRET)]
        self.slotted = SlottedLogin()
        self.slotted.password = SECRET
        self.keys = {
            b"api_key": SECRET,
            Named.PASSWORD: SECRET,
            TextName.API_KEY: SECRET,
            Text("secret"): SECRET,
            ("player", "token"): SECRET,
            Named.HP: 3,
        }
        self.passwords = {"me": [SECRET]}
        self.words = {"token"}
        self.thread = threading.current_thread()

    @property
    def computed(self) -> int:
        return 1

    def update(self) -> None: ...


GAME = Game()
ROOTS = Roots()
ROOTS.expose("game", GAME, methods=["update"])
ROOTS.expose("settings", module)
ROOTS.expose("api_tokens", GAME)

NOBODY = [
    # Modules, but as roots.
    "game.module.volume",
    "game.sys.modules",
    'game.sys.modules["os"]',
    "settings.os.environ",
    # Functions and what is like them.
    "game.function.x",
    "game.function.__globals__",
    "game.closure.__closure__[0].cell_contents",
    "game.builtin.x",
    "game.system.x",
    "settings.system.x",
    "game.method.__self__",
    "game.method.x",
    "game.update.x",
    "game.update.__func__",
    "game.bound.__self__",
    "game.partial.func",
    "game.partial.args",
    "game.cached.__wrapped__",
    "game.cached.x",
    "game.static.x",
    # Classes.
    "game.kind.speed",
    "game.kind.mro",
    "game.enum.HP",
    "game.alias.x",
    # Code, and what runs it.
    "game.frame.f_globals",
    "game.frame.f_back",
    "game.code.co_consts",
    "game.generator.gi_frame",
    "game.coroutine.cr_frame",
    "game.asyncgen.ag_frame",
    "game.traceback.tb_frame",
    "game.cell.cell_contents",
    # What leads on by other means.
    "game.property.fget",
    'game.proxy["a"]',
    "game.ref.x",
    "game.weakproxy.x",
    "game.super.x",
    "game.getset.x",
    "game.member.x",
    "game.view.obj",
    "game.view[0]",
    # stagedoor's own.
    "game.stage.name",
    "game.stage._hub",
    "game.mine.name",
    "game.hub.keys",
    "game.limits.max_batch",
    'game.keep["stage"].name',
    # Dunder names.
    "game.__class__",
    "game.__dict__",
    'game."__dict__"',
    "game.__init__",
    "game.__module__",
    "game.error.__traceback__",
    "game.error.__context__",
    'game.keep["__builtins__"]',
    "settings.__dict__",
    "settings.__builtins__",
    "game.me.me.__class__",
]
"""Paths that no role may go."""

ADMINS = [
    "game._private",
    "game._Game__mangled",
    'game."_private"',
    "settings._hidden",
    'game.keep["_x"]',
    "game.environ._data",
    "game.password",
    'game.keep["token"]',
    "settings.token",
    "game.logins[0].password",
    "game.logins[0][1]",
    "game.logins[-1][-1]",
    "game.slotted.password",
    "game.passwords",
    'game.passwords["me"]',
    'game.passwords["me"][0]',
    'game.words{"token"}',
    'game.keys[("player", "token")]',
    "api_tokens",
    "api_tokens.score",
]
"""Paths for admins alone."""

RUNS_CODE = ["game.computed", "game.computed.real"]

OPEN = [
    "game",
    "settings",
    "settings.volume",
    "game.score",
    "game.speed",
    "game.me.me.score",
    'game.keep["a"]',
    "game.logins[0].user",
    "game.logins[0][0]",
    *(f"game.{name}" for name in vars(GAME) if "pass" not in name and name[:1] != "_"),
]
"""Paths that anybody may go: leaves can be seen, and not gone through."""


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", NOBODY)
def test_nobody_may_go(path: str, role: Role) -> None:
    with pytest.raises(Closed) as fault:
        resolve(ROOTS, path, role, evaluate=True)
    assert fault.value.needs in (None, Role.ADMIN)
    if role is Role.ADMIN:
        assert fault.value.needs is None


@pytest.mark.parametrize("path", ADMINS)
def test_only_admins_may_go(path: str) -> None:
    for role in (Role.VIEWER, Role.OPERATOR):
        with pytest.raises(Closed) as fault:
            resolve(ROOTS, path, role)
        assert fault.value.needs is Role.ADMIN
    resolve(ROOTS, path, Role.ADMIN)


@pytest.mark.parametrize("path", RUNS_CODE)
def test_only_who_asks_for_it_runs_code(path: str) -> None:
    for role in Role:
        with pytest.raises(Closed) as fault:
            resolve(ROOTS, path, role)
        assert fault.value.needs is Role.ADMIN
    assert resolve(ROOTS, path, Role.ADMIN, evaluate=True) == 1


@pytest.mark.parametrize("path", OPEN)
def test_anybody_may_go(path: str) -> None:
    for role in Role:
        resolve(ROOTS, path, role)


def test_every_key_named_like_a_secret_is_hidden_whatever_its_type() -> None:
    hidden = set()
    for child in children_of(GAME.keys, Role.OPERATOR):
        assert child is not None
        node = node_of_child(GAME.keys, "game.keys", child, Role.OPERATOR)
        if node.kind == "hidden":
            hidden.add(node.path)
            for role in (Role.VIEWER, Role.OPERATOR):
                with pytest.raises(Closed):
                    resolve(ROOTS, node.path, role)
            assert resolve(ROOTS, node.path, Role.ADMIN) == SECRET
    assert len(hidden) == len(GAME.keys) - 1


def all_that_is_told(role: Role) -> bytes:
    """What a client with this role can read, two steps from each root."""
    told: list[object] = [node_of_root(root, role) for root in ROOTS if root.is_open(role)]
    todo = [("game", 2), ("settings", 2)]
    while todo:
        path, depth = todo.pop()
        try:
            place = resolve_place(ROOTS, path, role)
            told.append(node_at(place, role))
            value = place.value
        except ReachFault as fault:
            told.append(str(fault))
            continue
        for every in (False, True):
            for child in children_of(value, role, is_root=place.is_root, every=every):
                assert child is not None
                told.append(node_of_child(value, path, child, role))
                if depth:
                    todo.append((f"{path}{child.step}", depth - 1))
    return msgspec.json.encode(told)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_no_secret_is_in_anything_that_is_told(role: Role) -> None:
    told = all_that_is_told(role)
    assert SECRET.encode() not in told
    for token in ("viewer", "operator", "admin"):
        assert getattr(GAME.stage._hub.keys.tokens, token).encode() not in told
    assert b'"score"' in told


def test_an_admin_sees_secrets_but_no_token_of_stagedoors() -> None:
    told = all_that_is_told(Role.ADMIN)
    assert SECRET.encode() in told
    assert GAME.stage._hub.keys.tokens.admin.encode() not in told


@pytest.mark.parametrize(
    "value", [Stage("x"), Game, function, len, frame(), asyncio.sleep, stagedoor.Limits()]
)
def test_what_no_path_goes_through_cannot_be_exposed(value: object) -> None:
    with pytest.raises(TypeError):
        Roots().expose("x", value)


def test_a_name_that_may_not_be_seen_does_not_tell_whether_it_is_there() -> None:
    texts = set()
    for path in ("game._private", "game._nothing", "game.password", "game.nothing_secret"):
        with pytest.raises(Closed) as fault:
            resolve(ROOTS, path, Role.VIEWER)
        texts.add(str(fault.value).partition(" ")[2])
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("gme", "there is no root 'gme'; did you mean game?"),
        ("game.scor", "game is there, and has no attribute 'scor'; did you mean score?"),
        ("game.me.me.nope.x", "game.me.me is there, and has no attribute 'nope'; its type is "),
        (
            "game.logins[1].user",
            "game.logins is there, and has no [1]; its type is list, with 1 items",
        ),
        ('game.keep["b"]', 'game.keep is there, and has no ["b"]; its type is dict, with 5 items'),
        ("game.score[0]", "game.score is there, and has no items; its type is int"),
        ("game.keep.b", 'its type is dict; a key stands in brackets: game.keep["b"]'),
        ("game.keep{3}", "game.keep is there, and has no {3}"),
        ("game.words[0]", "game.words is there, and has no [0]; its type is set, with 1 items"),
    ],
)
def test_a_path_that_leads_nowhere_says_up_to_where_it_does(path: str, said: str) -> None:
    with pytest.raises(Missing) as fault:
        resolve(ROOTS, path, Role.VIEWER)
    assert said in str(fault.value)
