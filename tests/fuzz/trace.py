"""What our protocol and that of the `websockets` package make of the same bytes of a client.

Ours is the program `examples/trace.rs` of crates/protocol, which stays for many cases (`Ours`).
Theirs is a `ServerProtocol`, with what the package has on top of it where there is a socket:
messages are put together, and texts are checked to be UTF-8 (`theirs`).
"""

from __future__ import annotations

import codecs
import logging
import struct
import subprocess
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import ExtensionParameter

ROOT = Path(__file__).parents[2]
MAX_MESSAGE = 4096
"""The limit of both."""
TAIL = b"\0\0\xff\xff"
"""What every compressed message ends with and is not sent."""


class Case(NamedTuple):
    """What a client sends."""

    head: bytes
    frames: bytes = b""


class Trace(NamedTuple):
    """What a server did."""

    refusal: str | None
    """Why there was no connection; "incomplete" if the head is not whole."""
    extensions: str = ""
    """The header of the response, without spaces."""
    messages: Sequence[tuple[str, bytes]] = ()
    """"text" or "binary", and the payload."""
    end: int | None = None
    """The close code of the client's close frame, or of why it was failed."""
    failed: bool = False
    """Whether the end is that the client broke the rules."""
    written: Sequence[tuple[int, bytes]] = ()
    """Frames sent, by opcode; of a close frame the code alone."""
    took_cut: bool = False
    """Whether it took a compressed message that is not all of what was compressed; theirs."""


class Ours:
    """Our protocol, in a process that this ends."""

    def __init__(self) -> None:
        package = ["--package", "stagedoor-protocol", "--example", "trace"]
        subprocess.run(["cargo", "build", "--quiet", *package], cwd=ROOT, check=True, timeout=600)
        program = ROOT / "target" / "debug" / "examples" / "trace"
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Ours:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        assert self._process.returncode == 0

    def trace(self, case: Case) -> Trace:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        lengths = struct.pack("!II", len(case.head), len(case.frames))
        self._process.stdin.write(lengths + case.head + case.frames)
        self._process.stdin.flush()
        what, *rest = self._process.stdout.readline().decode().rstrip("\n").split(" ")
        if what != "accepted":
            return Trace(" ".join([what, *rest]))
        return _accepted(rest)


def _accepted(words: list[str]) -> Trace:
    extensions, *words = words
    messages, end, failed, written = [], None, False, b""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        kind, _, payload = word.partition(":")
        if kind in ("text", "binary"):
            messages.append((kind, bytes.fromhex(payload)))
        elif kind in ("closed", "failed"):
            end, failed = int(following), kind == "failed"
        elif kind == "wrote":
            written = bytes.fromhex(payload)
    extensions = extensions.removeprefix("-")
    return Trace(None, extensions, messages, end, failed, _frames(written))


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    frames = []
    while data:
        opcode, length = data[0] & 15, data[1]
        assert length <= 125, "pongs and close frames"
        payload, data = data[2 : 2 + length], data[2 + length :]
        frames.append((opcode, payload[:2] if opcode == Opcode.CLOSE else payload))
    return frames


class _Decoder:
    """A decompressor of zlib that goes on where a stream ends within what the messages are
    (RFC 7692 section 7.2.3.4): theirs would ignore the rest."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._has_ended = False
        self.unconsumed_tail = b""
        self.was_cut = False
        """Whether a message ended within a block, which theirs does not mind."""

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        out = self._decompress(data, max_length)
        if data.endswith(TAIL) and not self._has_ended:
            # Where a block can begin, an empty one that is final ends the stream, all of it used.
            probe = self._decoder.copy()
            with suppress(zlib.error):
                probe.decompress(b"\x03\0")
            self.was_cut = self.was_cut or not probe.eof or bool(probe.unused_data)
        return out

    def _decompress(self, data: bytes, max_length: int) -> bytes:
        out = b""
        while not (self._has_ended and data in (b"", TAIL)):
            left = max_length - len(out)
            if max_length and left == 0:
                self.unconsumed_tail = data
                return out
            out += self._decoder.decompress(data, left if max_length else 0)
            self.unconsumed_tail = self._decoder.unconsumed_tail
            self._has_ended = self._decoder.eof
            if not self._has_ended:
                return out
            data = self._decoder.unused_data
            self._decoder = zlib.decompressobj(-15)
        return out


class _Deflate(PerMessageDeflate):
    """Theirs, with such decompressors, all of which it keeps."""

    def __init__(self, *arguments: Any) -> None:
        self.decoders: list[_Decoder] = []
        super().__init__(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "decoder":
            value = _Decoder(value)
            self.decoders.append(value)
        super().__setattr__(name, value)


class _Factory(ServerPerMessageDeflateFactory):
    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        agreed, made = super().process_request_params(params, accepted_extensions)
        return agreed, _Deflate(
            made.remote_no_context_takeover,
            made.local_no_context_takeover,
            made.remote_max_window_bits,
            made.local_max_window_bits,
        )


class _Messages:
    """Messages from frames."""

    def __init__(self) -> None:
        self.whole: list[tuple[str, bytes]] = []
        self._kind = ""
        self._parts: list[bytes] = []
        self._text: codecs.IncrementalDecoder | None = None

    def take(self, frame: Frame) -> None:
        """Raises: UnicodeDecodeError."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._kind = frame.opcode.name.lower()
            is_text = frame.opcode is Opcode.TEXT
            self._text = codecs.getincrementaldecoder("utf-8")() if is_text else None
        elif frame.opcode is not Opcode.CONT:
            return
        self._parts.append(bytes(frame.data))
        if self._text is not None:
            self._text.decode(self._parts[-1], frame.fin)
        if frame.fin:
            self.whole.append((self._kind, b"".join(self._parts)))
            self._parts.clear()


def theirs(case: Case) -> Trace:
    """The trace of theirs."""
    silent = logging.Logger("silent", logging.CRITICAL + 1)
    protocol = ServerProtocol(extensions=[_Factory()], max_size=MAX_MESSAGE, logger=silent)
    protocol.receive_data(case.head)
    request = next(iter(protocol.events_received()), None)
    if protocol.handshake_exc is not None:
        return _refused(protocol.handshake_exc)
    if request is None:
        return Trace("incomplete")
    assert isinstance(request, Request)
    response = protocol.accept(request)
    protocol.send_response(response)
    if protocol.handshake_exc is not None:
        return _refused(protocol.handshake_exc)
    protocol.data_to_send()
    protocol.receive_data(case.frames)
    messages = _Messages()
    end, failed = None, False
    try:
        for frame in protocol.events_received():
            assert isinstance(frame, Frame)
            messages.take(frame)
    except UnicodeDecodeError:
        end, failed = 1007, True
    else:
        if protocol.parser_exc is not None:
            failed = True
            assert protocol.close_sent is not None
            end = int(protocol.close_sent.code)
        elif protocol.close_rcvd is not None:
            end = int(protocol.close_rcvd.code)
    written = _frames(b"".join(protocol.data_to_send()))
    return Trace(
        None,
        response.headers.get("Sec-WebSocket-Extensions", "").replace(" ", ""),
        messages.whole,
        end,
        failed,
        written,
        any(
            decoder.was_cut
            for extension in protocol.extensions
            if isinstance(extension, _Deflate)
            for decoder in extension.decoders
        ),
    )


def _refused(error: BaseException) -> Trace:
    return Trace(f"{type(error).__name__}: {error}")
