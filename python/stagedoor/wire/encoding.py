"""`to_json()`: a value as JSON text, and one error for whatever goes wrong on the way.

The values are a program's own, and so are the encoders of types that JSON does not know: what they
do may raise anything. Any thread may call.
"""

from operator import call
from typing import Any, Final

import msgspec

from stagedoor.wire.size import MAX_ANSWER, UnsendableError, check_size, check_surface
from stagedoor.wire.text import all_exact, reason_of

_PLAIN: Final = frozenset({int, float, bool, str, type(None)})
"""Types whose values have no `msgspec.Raw` in them, which is taken as it is."""

_encoder: Final = msgspec.json.Encoder()
check_json: Final = msgspec.json.Decoder(msgspec.Raw).decode
"""Raises for a text that is no JSON. It does not look at the bytes between quotes."""


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A result of which nothing is the program's own. Parts that are JSON already, as a picture of
    megabytes, are not read again."""

    value: object


def to_json(
    value: object,
    encoder: msgspec.json.Encoder,
    max_size: int = MAX_ANSWER,
    *,
    content: object = ...,
    may_escape: bool = False,
) -> bytes:
    """The value as JSON text in UTF-8, of at most `max_size` bytes.

    NaN and the infinities become null. `content`: what of the value is not this package's own.
    `may_escape`: escape what UTF-8 cannot carry of a text, so that one name does not keep the rest
    from being sent.

    Raises UnsendableError, with the reason: JSON does not know a type, a text is no UTF-8, there is
    a cycle or too deep a nesting, an encoder raised, the text is too large. KeyboardInterrupt
    passes."""
    content = value if content is ... else content
    # msgspec leaves an exception behind for a set that changes while it is encoded. The interpreter
    # does not always look after a call whether there is one: `operator.call` does.
    try:
        check_surface(content, max_size)
        text = ours_to_json(value, encoder) if may_escape else call(encoder.encode, value)
        if type(content) not in _PLAIN:
            check_json(text)
            if not text.isascii():
                text.decode()
        return check_size(text, max_size)
    except (UnsendableError, KeyboardInterrupt):
        raise
    except BaseException as error:
        cause = error.__cause__ if type(error) is SystemError else None  # what was left behind
        error = error if cause is None else cause
        raise UnsendableError(reason_of(error)) from error


def ours_to_json(value: object, encoder: msgspec.json.Encoder = _encoder) -> bytes:
    """A value of this package's own as JSON, with what is no UTF-8 in its texts escaped."""
    try:
        return call(encoder.encode, value)
    except UnicodeEncodeError:
        return call(encoder.encode, _escaped(value, encoder))


def _escaped(value: object, encoder: msgspec.json.Encoder) -> Any:
    plain = call(
        msgspec.to_builtins,
        value,
        builtin_types=(msgspec.Raw,),
        str_keys=True,
        enc_hook=encoder.enc_hook,
    )
    return all_exact(plain)
