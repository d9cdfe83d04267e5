"""A program that looks at objects of any kind, and prints which Python code runs meanwhile that is
none of this package. It is a process of its own: the interpreter tells of each call in it."""

from __future__ import annotations

import argparse
import array
import collections
import concurrent.futures
import contextlib
import ctypes
import datetime
import enum
import inspect
import io
import logging
import os
import pathlib
import queue
import random
import re
import socket
import sys
import threading
import types
import unittest.mock
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pygame

import stagedoor
from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.node import children_of, node_at, node_of_child
from stagedoor.live.reach.roots import Roots
from stagedoor.live.reach.walk import resolve_place
from stagedoor.wire.roles import Role

OURS = str(Path(stagedoor.__file__).parent)
ALLOWED = (OURS, enum.__file__, str(Path(numpy.__file__).parent), "<string>")
"""Ours; enums and dataclasses of ours, whose methods are made of a text; the name of a dtype."""
MOST = 40
"""How many children of one value are looked at."""


class Flags(enum.Flag):
    A = 1
    B = 2


class Struct(msgspec.Struct):
    a: int = 1


class Structure(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("p", ctypes.POINTER(ctypes.c_int))]


@dataclass
class Data:
    x: int = 1
    y: list[int] = field(default_factory=list)


class Point(collections.namedtuple("Point", "x password")):
    def __getitem__(self, index: Any) -> Any:
        raise AssertionError("it ran")


class World:
    """Has everything."""

    def __init__(self) -> None:
        local = threading.local()
        local.x = 1
        sprite = pygame.sprite.Sprite(pygame.sprite.Group())
        sprite.image = pygame.Surface((1, 1))
        sprite.rect = pygame.Rect(1, 2, 3, 4)
        self.names = types.SimpleNamespace(a=1)
        self.mock = unittest.mock.MagicMock()
        self.mock_of_dict = unittest.mock.Mock(spec=dict)
        self.struct, self.structure, self.data = Struct(), Structure(), Data()
        self.pointer = ctypes.pointer(ctypes.c_int(3))
        self.weak_keys = weakref.WeakKeyDictionary({sprite: 1})
        self.weak_values = weakref.WeakValueDictionary({1: sprite})
        self.local = local
        self.logger = logging.getLogger()
        self.flags, self.no_flags = Flags.A | Flags.B, Flags(0)
        self.sprite = sprite
        self.point = Point(1, 2)
        self.error = ValueError(self)
        self.lock, self.condition = threading.Lock(), threading.Condition()
        self.thread = threading.current_thread()
        self.queue = queue.Queue()
        self.text_file, self.file = io.StringIO("x"), io.BytesIO(b"x")
        self.stdout = sys.stdout
        self.socket = socket.socket()
        self.socket.close()
        self.random = random.Random(1)
        self.pattern, self.match = re.compile("a"), re.match("a", "a")
        self.now = datetime.datetime.now(datetime.UTC)
        self.path = pathlib.Path("/tmp")
        self.chain = collections.ChainMap({"a": 1})
        self.counter = collections.Counter("aab")
        self.default = collections.defaultdict(list, a=[1])
        self.user_dict = collections.UserDict(a=1)
        self.user_list = collections.UserList([1])
        self.stack = contextlib.ExitStack()
        self.future = concurrent.futures.Future()
        self.parser = argparse.ArgumentParser()
        self.signature = inspect.signature(World)
        self.masked = numpy.ma.array([1, 2], mask=[0, 1])
        self.record = numpy.rec.array([(1, b"pw")], dtype=[("a", "i4"), ("password", "S4")])
        self.numpy_random = numpy.random.default_rng(1)
        self.texts = numpy.array(["a"])
        self.zero_d = numpy.array(3)
        self.event = pygame.event.Event(1, a=2)
        self.mask = pygame.Mask((1, 1))
        self.deque, self.array = collections.deque([1], 3), array.array("i", [1])
        self.environ, self.stat = os.environ, os.stat("/")
        self.keys, self.values = {1: 2}.keys(), {1: 2}.values()
        self.me = self


WORLD = World()


def look(roots: Roots, path: str, role: Role, depth: int, seen: set[int]) -> None:
    """Look at all that there is below a path."""
    try:
        place = resolve_place(roots, path, role)
        node_at(place, role)
        value = place.value
    except ReachFault:
        return
    if not depth or id(value) in seen:
        return
    seen.add(id(value))
    for every in (False, True):
        for at, child in enumerate(children_of(value, role, is_root=place.is_root, every=every)):
            if at == MOST:
                break
            if child is not None:
                node = node_of_child(value, path, child, role)
                look(roots, node.path, role, depth - 1, seen)


def others(work: Callable[[], object]) -> set[tuple[str, str]]:
    """The functions that are none of ours, as file and name, that run meanwhile."""
    found = set()

    def called(frame: types.FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_mine = code.co_filename == __file__
        if event == "call" and not is_mine and not code.co_filename.startswith(ALLOWED):
            found.add((code.co_filename, code.co_name))

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def main() -> None:
    assert others(lambda: str(WORLD.mock)), "the interpreter does not tell of code that runs"
    roots = Roots()
    roots.expose("world", WORLD)
    for role in Role:
        for file, name in sorted(others(lambda: look(roots, "world", role, 3, set()))):  # noqa: B023
            print(role.label, file, name)


if __name__ == "__main__":
    main()
