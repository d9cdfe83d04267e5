"""`Known`: what subscribers of the topic `objects` know: nodes and values by path, and since when.

A version is the number of the scan that found something. Pure: it knows no game object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import UNSET, Raw

MAX_NODES: Final = 4096
"""The most nodes."""
MAX_SIZE: Final = 2 << 20
"""The most bytes of them, about."""
MAX_GONE: Final = 4096
"""So many paths that are gone are remembered. Who has missed more gets everything again."""


class _Entry:
    __slots__ = ("node", "value", "value_version", "version")

    def __init__(self) -> None:
        self.node = b""
        """As JSON."""
        self.version = 0
        """When the node was found so."""
        self.value: Any = UNSET
        """What its `value` is now; UNSET: it has none."""
        self.value_version = 0
        """When that was found, if it is newer than the node; otherwise 0."""


class Known:
    """Nodes by their paths, with what has changed of them."""

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        self._encode = encode
        self._entries: dict[str, _Entry] = {}
        self._size = 0
        """About the bytes that the nodes take."""
        self._gone: dict[str, int] = {}
        """When each path went."""
        self._horizon = 0
        """What went up to this version is forgotten."""
        self._changed = 0
        """The newest version in which anything has changed."""

    @property
    def is_full(self) -> bool:
        """There is no room for more nodes."""
        return len(self._entries) >= MAX_NODES or self._size >= MAX_SIZE

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def value_of(self, path: str) -> Any:
        """The value of the node at a path; UNSET if it has none."""
        return self._entries[path].value

    def put(self, path: str, node: Any, version: int) -> None:
        """There is this node, a `Node`, at a path."""
        text = self._encode(node)
        entry = self._entries.get(path)
        if entry is None:
            entry = self._entries[path] = _Entry()
            self._gone.pop(path, None)
            self._size += len(path)
        elif entry.node == text and not entry.value_version:
            return
        self._size += len(text) - len(entry.node)
        entry.node, entry.version = text, version
        entry.value, entry.value_version = node.value, 0
        self._changed = version

    def set(self, path: str, value: Any, version: int) -> None:
        """The node at a path has another value, and is as before otherwise."""
        entry = self._entries[path]
        entry.value, entry.value_version = value, version
        self._changed = version

    def drop(self, path: str, version: int) -> None:
        """There is nothing at a path."""
        entry = self._entries.pop(path, None)
        if entry is None:
            return
        self._size -= len(path) + len(entry.node)
        self._changed = self._gone[path] = version
        if len(self._gone) > MAX_GONE:
            self._gone.clear()
            self._horizon = version

    def news(self, since: int) -> Raw | None:
        """What has changed after a version, as JSON of `ObjectNews`; all of it, if `since` is 0 or
        too long ago. None: nothing has."""
        is_all = since == 0 or since < self._horizon
        if not is_all and self._changed <= since:
            return None
        since = 0 if is_all else since
        nodes, values = [], {}
        for path, entry in self._entries.items():
            if entry.version > since:
                nodes.append(entry.node)
            if entry.value_version > since:
                values[path] = entry.value
        gone = [] if is_all else [path for path, version in self._gone.items() if version > since]
        parts = (
            b'{"snapshot":true,"nodes":[' if is_all else b'{"snapshot":false,"nodes":[',
            b",".join(nodes),
            b'],"values":',
            self._encode(values),
            b',"gone":',
            self._encode(gone),
            b',"more":true}' if self.is_full else b',"more":false}',
        )
        return Raw(b"".join(parts))
