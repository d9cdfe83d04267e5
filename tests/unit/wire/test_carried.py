"""`stagedoor.wire.carried`: bytes behind a notification."""

import pytest

from stagedoor.wire.carried import MalformedError, pack, unpack


def test_the_length_of_the_notification_comes_first_little_endian() -> None:
    assert pack(b"{}", b"\x00\xff") == b"\x02\x00\x00\x00{}\x00\xff"


@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(256))])
def test_what_was_packed_comes_out(payload: bytes) -> None:
    assert unpack(pack(b'{"a": 1}', payload)) == (b'{"a": 1}', payload)


@pytest.mark.parametrize(
    "message",
    [b"", b"\x00\x00\x00", b"\x01\x00\x00\x00", b"\xff\xff\xff\xff{}", b"\x03\x00\x00\x00{}"],
)
def test_what_is_cut_off_is_malformed(message: bytes) -> None:
    with pytest.raises(MalformedError, match=f"of {len(message)} bytes"):
        unpack(message)
