"""The same bytes of a client through our protocol and that of the `websockets` package: the same
messages, pongs and close codes, or one of the differences in the tables here, each with its reason.

Every row must be shown by an input that is kept, so that none outlives its reason.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import pytest
from tests.fuzz.target import Target
from tests.fuzz.trace import MAX_MESSAGE, Case, Ours, Trace, theirs
from tests.integration.server.raw import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    close_payload,
    frame,
)

Difference = Callable[[Case, Trace, Trace], bool]

TERMS: Final = [
    "",
    "permessage-deflate",
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
]
"""What is offered, by the first byte of an input, as in crates/protocol/tests/fuzz/frames.rs."""


@pytest.fixture(scope="module")
def ours() -> Iterator[Ours]:
    with Ours() as running:
        yield running


# Frames


def begins(some: Trace, other: Trace) -> bool:
    """Whether the messages of the one are the first of the other."""
    return list(other.messages[: len(some.messages)]) == list(some.messages)


def same_messages(a: Trace, b: Trace) -> bool:
    return list(a.messages) == list(b.messages)


def pongs(trace: Trace) -> list[bytes]:
    return [payload for opcode, payload in trace.written if opcode == PONG]


def headers(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Of each frame, as far as they can be followed: opcode, length in seven bits, and the real
    one."""
    data += bytes(14)
    at = 0
    while len(data) >= at + 14:
        opcode, short, size = data[at] & 15, data[at + 1] & 127, 2
        real = short
        if short >= 126:
            form = "!H" if short == 126 else "!Q"
            (real,) = struct.unpack_from(form, data, at + 2)
            size += struct.calcsize(form)
        yield opcode, short, real
        at += size + 4 + real


def has_long_length(case: Case) -> bool:
    return any(
        real < (126 if short == 126 else 1 << 16)
        for _, short, real in headers(case.frames)
        if short >= 126
    )


def has_control_frame(case: Case) -> bool:
    return any(opcode >= CLOSE and real > 0 for opcode, _, real in headers(case.frames))


FRAMES: Final[dict[str, Difference]] = {
    "we see what is wrong before its frame is whole, they after": lambda _, o, t: (
        o.failed and t.end is None and same_messages(o, t)
    ),
    "they refuse a length before the mask is there, we with the whole header": lambda _, o, t: (
        o.end is None and t.failed and t.end == 1009 and same_messages(o, t)
    ),
    "corrupt compressed data is 1007, theirs 1002; which of two errors comes first": (
        lambda _, o, t: (
            bool(o.extensions and o.failed and t.failed)
            and {o.end, t.end} <= {1002, 1007, 1009}
            and same_messages(o, t)
        )
    ),
    "of two things wrong with a frame we name the broken rule, they the text or size": (
        lambda _, o, t: (
            o.failed
            and t.failed
            and o.end == 1002
            and t.end in (1007, 1009)
            and same_messages(o, t)
        )
    ),
    "a compressed message that is not all of what was compressed is 1007": lambda _, o, t: (
        t.took_cut and o.failed and o.end == 1007 and begins(o, t)
    ),
    "a compressed message may be longer than it is when decompressed": lambda _, o, t: (
        bool(o.extensions) and t.failed and t.end == 1009 and begins(t, o)
    ),
    "a control frame between fragments is no part of the message's size": lambda case, o, t: (
        has_control_frame(case) and t.failed and t.end == 1009 and begins(t, o)
    ),
    "a length that is not in the fewest bytes is 1002 (RFC 6455 section 5.2)": lambda case, o, t: (
        has_long_length(case) and o.failed and o.end == 1002 and begins(o, t)
    ),
    "a close frame may come between fragments, like any control frame (RFC 6455 section 5.4)": (
        lambda _, o, t: (
            not o.failed and o.end is not None and t.failed and t.end == 1002 and begins(o, t)
        )
    ),
    "a message has 1 024 fragments at most, then 1008": lambda _, o, t: (
        o.failed and o.end == 1008 and begins(o, t)
    ),
    "pongs beyond 16 KiB that nobody reads are dropped": lambda _, o, t: (
        (o.messages, o.end, o.failed) == (t.messages, t.end, t.failed)
        and sum(map(len, pongs(t))) > 15_000
        and pongs(t)[: len(pongs(o))] == pongs(o)
    ),
}


def frames_case(data: bytes) -> Case:
    offer = TERMS[(data[0] if data else 0) % len(TERMS)]
    extensions = [f"Sec-WebSocket-Extensions: {offer}"] if offer else []
    return Case("\r\n".join(["GET / HTTP/1.1", *USUAL, *extensions, "", ""]).encode(), data[1:])


def differences(case: Case, ours: Ours) -> list[str]:
    """The rows that explain how the two differ; nothing, if they do not. Fails if none does."""
    o, t = ours.trace(case), theirs(case)
    assert (o.refusal, t.refusal) == (None, None)
    assert o.extensions == t.extensions
    if (o.messages, o.end, o.failed) == (t.messages, t.end, t.failed) and (
        o.failed or o.written == t.written
    ):
        return []
    found = [name for name, explains in FRAMES.items() if explains(case, o, t)]
    assert found, f"ours: {o}\ntheirs: {t}"
    return found


def payload(chance: Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.choice([0, 1, 3, 20, 125, 126, 140]))
    if kind == 1:
        size = chance.choice([7, 125, 126, 127, 1000, MAX_MESSAGE, MAX_MESSAGE + 1])
        return (b'{"x": 1}' * (size // 8 + 1))[:size]
    letters = [chance.choice([0x41, 0xE9, 0x20AC, 0x1F600]) for _ in range(chance.randrange(20))]
    text = "".join(map(chr, letters)).encode()
    return text if kind == 2 else text[: chance.randrange(len(text) + 1)]  # perhaps cut


BLOCKS: Final = [b"\0", b"\x02\0", b"\x03\0", b"\0\0\0\xff\xff", b"\x4a\x04\0", b"\x07"]


def make_frames(chance: Random) -> bytes:
    """What a client sends, right or wrong, and the terms before it."""
    terms = chance.randrange(len(TERMS))
    offer = TERMS[terms]
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    out = [bytes([terms])]
    for _ in range(chance.randrange(7)):
        kind = chance.random()
        if kind < 0.5:
            compress = bool(offer) and chance.random() < 0.6
            if compress and "client_no" in offer:
                compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
            count = chance.choice([1, 1, 2, 4])
            for at in range(count):
                part, fin = payload(chance), at == count - 1
                if compress:
                    part = compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH)
                    part = part[:-4] if fin else part
                rsv = 4 if compress and at == 0 else 0
                opcode = CONTINUATION if at else chance.choice([TEXT, BINARY])
                out.append(frame(opcode, part, fin=fin, rsv=rsv))
                if chance.random() < 0.1:
                    out.append(frame(PING, b"between"))
        elif kind < 0.7:
            size = chance.choice([0, 1, 125])
            out.append(frame(chance.choice([PING, PONG]), chance.randbytes(size)))
        elif kind < 0.8:
            fin, mask = chance.random() < 0.8, chance.random() < 0.9
            rsv = chance.choice([0, 0, 0, 0, 1, 2, 4, 7])
            out.append(frame(chance.randrange(16), payload(chance), fin=fin, rsv=rsv, mask=mask))
        elif kind < 0.85:
            code = chance.choice([1000, 1001, 1005, 1015, 3000, 5000])
            out.append(frame(CLOSE, close_payload(code, payload(chance)[:123])))
        elif kind < 0.95:
            blocks = [chance.choice([*BLOCKS, chance.randbytes(9)]) for _ in range(3)]
            out.append(frame(BINARY, b"".join(blocks), rsv=4))
        else:
            out.append(chance.randbytes(16))
    return b"".join(out)


def test_frames_are_taken_alike(ours: Ours) -> None:
    target = Target("frames", ", ours and theirs")
    shown = {
        name for data in target.corpus.values() for name in differences(frames_case(data), ours)
    }
    assert not FRAMES.keys() - shown, "no kept input shows this difference"
    target.run(make_frames, lambda data: differences(frames_case(data), ours), 1500)


# The opening handshake

USUAL: Final = [
    "Host: localhost:8080",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]

STRICTER: Final = {
    "exactly one Host header": "RFC 9112 section 3.2; the package leaves Host to others",
    "no host with an optional port": "the same",
    "not the host of the target": "the same",
    "neither null nor scheme://host": "the package compares Origin with a list, or takes any",
    "neither a path nor a URL": "the package takes any target",
    "the request line is malformed": "the same, with control characters in it",
    "more than 64 headers": "a limit; theirs is 128",
    "more than 16384 bytes": "a limit; theirs is 1 MiB",
    "bytes over 127": "headers that decide something are ASCII",
    "a subprotocol is offered twice": "RFC 6455 section 4.1",
    "a subprotocol is not a token": "an empty one: no client has them",
}
"""What we refuse and they may take, by the reason that we give."""

LENIENT: Final = {
    r"RequestLineTooLong|HeaderLineTooLong": "a limit; we have one for the whole head",
    r"InvalidHeaderFormat: invalid Sec-WebSocket-Extensions": "what is malformed is declined",
    r"InvalidHeaderFormat: invalid (Upgrade|Connection)": "what is needed stands beside it",
    r"InvalidUpgrade: .*, ": "a list that names websocket will do (RFC 6455 section 4.2.1)",
}
"""What they refuse and we may take, by a part of the reason that they give."""


def handshake_difference(data: bytes, ours: Ours) -> str | None:
    """The row that explains how the two differ; None, if they do not. Fails if none does."""
    head, end, _ = data.partition(b"\r\n\r\n")
    case = Case(head + end)
    o, t = ours.trace(case), theirs(case)
    if o.refusal is None and t.refusal is None:
        # They give the client's own limit back, which need not be.
        extensions = re.sub(";client_max_window_bits=[0-9]+", "", t.extensions)
        assert o.extensions == extensions
    elif t.refusal is None:
        assert o.refusal is not None
        reason = o.refusal.replace("-", " ")
        found = [row for row in STRICTER if row in reason]
        assert found, f"only we refuse: {o.refusal}"
        return found[0]
    elif o.refusal is None:
        found = [row for row in LENIENT if re.search(row, t.refusal)]
        assert found, f"only they refuse: {t.refusal}"
        return found[0]
    return None


VALUES: Final = {
    "Host": ["localhost", "[::1]:1", "[::1", "a@b", ""],
    "Upgrade": ["websocket", "WebSocket", "h2c, websocket", "h2c", ""],
    "Connection": ["Upgrade", "keep-alive, upgrade", "close", ",,upgrade,"],
    "Sec-WebSocket-Version": ["13", "8", "013", "13,13"],
    "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZR==", "AAAA", "?", " " * 3],
    "Sec-WebSocket-Protocol": ["a", "a, b", "a, a", "a,,b", "a b"],
    "Sec-WebSocket-Extensions": [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=10; server_max_window_bits=12",
        'permessage-deflate; server_max_window_bits="10"; client_no_context_takeover',
        "x, permessage-deflate; server_max_window_bits=8, permessage-deflate",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_max_window_bits=016",
        "permessage-deflate; server_max_window_bits",
        'x; y="a,b", permessage-deflate;client_max_window_bits=15',
        ",, permessage-deflate ,",
        "permessage-deflate;;",
    ],
    "Origin": ["null", "http://localhost:8080", "x"],
    "Content-Length": ["0", "1", "00"],
    "Transfer-Encoding": ["chunked"],
    "X": ["", "\xe9", "a\tb", "a\x01", "x" * 8200],
}


def make_head(chance: Random) -> bytes:
    """A head that could be accepted, but for a line or two."""
    method = chance.choice(["GET"] * 20 + ["HEAD", "get", "POST"])
    target = chance.choice(["/"] * 10 + ["/a?b=c", "ws://localhost:8080/", "http://a", "*", "a b"])
    version = chance.choice(["HTTP/1.1"] * 20 + ["HTTP/1.0", "HTTP/2"])
    lines = list(USUAL)
    while chance.random() < 0.5:
        name, texts = chance.choice(list(VALUES.items()))
        colon = chance.choice([": "] * 12 + [":", " :", ":\t"])
        lines.append(name + colon + chance.choice(texts))
        if chance.random() < 0.5:  # in place of the usual one
            lines = [line for line in lines[:-1] if not line.startswith(name)] + lines[-1:]
    if chance.random() < 0.1:
        lines.remove(chance.choice(lines))
    chance.shuffle(lines)
    return "\r\n".join([f"{method} {target} {version}", *lines, "", ""]).encode("latin-1")


def test_heads_are_taken_alike(ours: Ours) -> None:
    target = Target("handshake", ", ours and theirs")
    shown = {handshake_difference(data, ours) for data in target.corpus.values()}
    assert not {*STRICTER, *LENIENT} - shown, "no kept input shows this difference"
    target.run(make_head, lambda data: handshake_difference(data, ours), 1500)
