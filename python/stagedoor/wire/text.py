"""Texts as JSON, files and terminals can carry them, and what exceptions say.

Names of files, folders, threads and the like may hold bytes that are no UTF-8. Python keeps them as
lone surrogates, which cannot be encoded. Any thread may call.
"""

import traceback
from typing import Any, Final

NO_TEXT: Final = "(its text cannot be had)"
"""Stands for what an exception says if it raises another when it is asked."""


def exact(text: str) -> str:
    """The text as UTF-8 can carry it: a plain `str`, with any lone surrogates escaped."""
    if type(text) is not str:
        text = str.__str__(text)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def all_exact(value: Any) -> Any:
    """A copy of a value of plain types, with each text in it made `exact()`, in keys, too.

    Raises RecursionError for a cycle."""
    if isinstance(value, str):
        return exact(value)
    if isinstance(value, dict):
        return {all_exact(key): all_exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [all_exact(item) for item in value]
    return value


def text_of(error: BaseException) -> str:
    """What an exception says, whatever its `__str__` does. Raises KeyboardInterrupt only."""
    try:
        return exact(str(error))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return NO_TEXT


def type_of(error: BaseException) -> str:
    """The name of its type, whatever the type's own type makes of it."""
    return exact(type.__dict__["__name__"].__get__(type(error)))


def reason_of(error: BaseException) -> str:
    """The same with the type, unless the text is enough without. It is never empty."""
    kind, text = type_of(error), text_of(error)
    if not text:
        return kind
    return text if isinstance(error, TypeError | ValueError) else f"{kind}: {text}"


def traceback_of(error: BaseException) -> str:
    """The traceback, with the exceptions that led to this one. Raises KeyboardInterrupt only."""
    try:
        return exact("".join(traceback.format_exception(error)).rstrip())
    except KeyboardInterrupt:
        raise
    except BaseException:  # of the exceptions' own methods
        return f"{type_of(error)}: {NO_TEXT}"
