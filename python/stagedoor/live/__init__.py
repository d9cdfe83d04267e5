"""What runs inside the game, and nowhere else."""

import contextlib
import logging


def _let_no_handler_raise(logger: logging.Logger) -> None:
    """The handlers and filters of a log are the game's. What they raise must not keep a caller from
    being answered because a line was written about it; nor is there anywhere to report it."""
    handle = logger.handle

    def handle_whatever_comes(record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            handle(record)

    logger.__dict__["handle"] = handle_whatever_comes


_let_no_handler_raise(logging.getLogger("stagedoor"))
