"""`names_secret()`: whether something with this name is a secret, as a password."""

import re
from typing import Final

_SECRET: Final = re.compile(
    r"token|ticket|passw|passphrase|passcode|pwd|secret|credential|authorization|jwt"
    r"|(api|private|access|auth|signing|encryption|ssh|session)[^a-z0-9]?key"
    r"|session[^a-z0-9]?id\b",
    re.IGNORECASE,
)


def names_secret(name: str) -> bool:
    """Whether a param, a field or a key with this name holds what must not be shown."""
    return _SECRET.search(name) is not None
