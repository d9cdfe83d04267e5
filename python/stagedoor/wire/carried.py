"""Binary messages: a notification that carries bytes, as a picture.

The message is the length of the notification (uint32, little-endian), the notification, which is
JSON as in a text message, and the bytes.
"""

from typing import Final

_LENGTH: Final = 4


class MalformedError(ValueError):
    """A binary message that is no such notification."""


def pack(notification: bytes, payload: bytes) -> bytes:
    """The binary message."""
    return b"".join((len(notification).to_bytes(_LENGTH, "little"), notification, payload))


def unpack(message: bytes) -> tuple[bytes, bytes]:
    """The notification and the bytes. Raises: MalformedError."""
    end = _LENGTH + int.from_bytes(message[:_LENGTH], "little")
    if len(message) < _LENGTH or len(message) < end:
        raise MalformedError(f"a binary message of {len(message)} bytes lacks its header")
    return message[_LENGTH:end], message[end:]
