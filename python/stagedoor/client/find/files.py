"""Reading what games wrote for their user's clients: `read_own()`, and `is_private()` for a folder.

Other programs may have put anything there. Nothing of that may hang a client or lead it elsewhere.
"""

import os
import stat
import sys
from pathlib import Path
from typing import Final

MAX_FILE: Final = 64 * 1024
"""The most bytes of a file; a longer one is not stagedoor's."""
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Does not wait for the other end of a FIFO."""


def read_own(file: Path, *, is_secret: bool = False) -> bytes | None:
    """What is in a file of the user's. None: there is no such file, it is not a regular one (but a
    link, a folder, a FIFO), it is another user's, or it is too long. `is_secret`: others must not
    be able to read it, either."""
    try:
        descriptor = os.open(file, _FLAGS | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return None
    try:
        if not _is_own(os.fstat(descriptor), 0o077 if is_secret else 0o022):
            return None
        data = os.read(descriptor, MAX_FILE + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= MAX_FILE else None


def _is_own(status: os.stat_result, others: int) -> bool:
    """Whether it is a regular file of the user's, with none of these permissions."""
    if not stat.S_ISREG(status.st_mode):
        return False
    return sys.platform == "win32" or (status.st_uid == os.getuid() and not status.st_mode & others)


def is_private(folder: Path) -> bool:
    """Whether the folder exists and only the user can have written its files. With the file of
    another user, the client would connect to that user's program."""
    try:
        status = folder.stat()
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
