"""Texts as JSON, files and terminals can carry them, what exceptions are, and what they say.

Names of files, folders, threads and the like may hold bytes that are no UTF-8. Python keeps them as
lone surrogates, which cannot be encoded. A program's exceptions may lie about their class, and
raise when they are asked for anything: ask `is_a()`, never `isinstance()`. Any thread may call.
"""

import traceback
from types import TracebackType
from typing import Any, Final, TypeGuard, TypeVar

T = TypeVar("T")

NO_TEXT: Final = "(its text cannot be had)"
"""Stands for what an object says if it raises when it is asked."""


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


def with_article(noun: str) -> str:
    """`a Ship`, `an Asteroid`."""
    return f"an {noun}" if noun[:1].lower() in tuple("aeio") else f"a {noun}"


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


def is_a(value: object, *kinds: type[T]) -> TypeGuard[T]:
    """Whether its type is one of these kinds, or derived from one. This is what an `except` clause
    asks, too: `isinstance()` believes what the object says of its `__class__`. Raises nothing."""
    return issubclass(type(value), kinds)


def text_of(value: object) -> str:
    """What an exception says, or any object, whatever its `__str__` does. Raises KeyboardInterrupt
    only."""
    try:
        return exact(value if is_a(value, str) else str(value))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return NO_TEXT


def is_true(value: object) -> bool:
    """The truth of any object; False if it raises. Raises KeyboardInterrupt only."""
    try:
        return bool(value)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return False


def type_of(error: BaseException) -> str:
    """The name of its type, whatever the type's own type makes of it."""
    return exact(type.__dict__["__name__"].__get__(type(error)))


def reason_of(error: BaseException) -> str:
    """The same with the type, unless the text is enough without. It is never empty."""
    kind, text = type_of(error), text_of(error)
    if not text:
        return kind
    return text if is_a(error, TypeError, ValueError) else f"{kind}: {text}"


def traceback_of(error: BaseException) -> str:
    """The traceback, with the exceptions that led to this one. Raises KeyboardInterrupt only."""
    try:
        return exact("".join(traceback.format_exception(error)).rstrip())
    except KeyboardInterrupt:
        raise
    except BaseException:  # of the exceptions' own methods
        return f"{type_of(error)}: {text_of(error)}"


def frames_of(error: BaseException) -> TracebackType | None:
    """Its `__traceback__`, whatever its type makes of attributes."""
    found: TracebackType | None = BaseException.__dict__["__traceback__"].__get__(error)
    return found
