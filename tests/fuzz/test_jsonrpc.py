"""`stagedoor.wire.jsonrpc` and `stagedoor.wire.reply`, any bytes."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec
from tests.fuzz.jsontext import STRINGS, message
from tests.fuzz.reference import PARSE_ERROR, UNCLEAR, CannotTellError, Expected, expect, same
from tests.fuzz.target import Target

from stagedoor._core import read_request
from stagedoor.live.rpc.form import fault_of
from stagedoor.live.rpc.shape import Shape
from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import InternalError
from stagedoor.wire.jsonrpc import Malformed, Request, decode

CODES = {-32700, -32600}
METHODS = ['"echo"', '"a.b"', '"echo"', '"a.b"', "1", "null", *STRINGS]


def fits(ident: object, expected: object) -> bool:
    return expected is UNCLEAR or same(ident, expected)


def check_one(found: Request | Malformed, expected: Expected) -> None:
    if isinstance(found, Malformed):
        assert found.error.code == expected.code, (found.error, expected)
        assert fits(found.id, expected.ident)
        answer = json.loads(jsonrpc.encode_error(found.id, found.error))
    else:
        assert expected.code is None, expected
        assert found.is_notification is not expected.answered
        assert found.method == expected.method
        if found.is_notification:
            return
        assert fits(found.id, expected.ident)
        check_params(found, expected.params)
        assert not isinstance(found.id, msgspec.UnsetType)
        jsonrpc.encode_error(found.id, InternalError("a reason"))
        answer = json.loads(jsonrpc.encode_result(found.id, None))
    assert fits(answer["id"], expected.ident)


def check_params(request: Request, expected: object) -> None:
    """The params are the same text, whether or not they can be read."""
    if request.params is None:
        assert expected is None
        return
    error = fault_of(request.params, Shape(Any))
    assert error is None or error.code in CODES


def check(data: bytes) -> None:
    found = decode(data)
    if isinstance(found, Malformed):
        assert found.error.code in CODES
    try:
        text = data.decode()
    except UnicodeDecodeError:
        pass
    else:
        assert comparable(decode(text)) == comparable(found), "bytes and text differ"
        check_native(text, found)
    try:
        expected = expect(data)
    except CannotTellError:
        return
    if isinstance(found, Malformed):
        reason = str(found.error)
        if "nested too deeply" in reason:
            assert max(data.count(b"["), data.count(b"{")) > 100
            return  # how deep a parser of Python's goes depends on who calls it
        if "out of range" in reason and expected == PARSE_ERROR:
            return  # a number that is none comes before what is not JSON
    if isinstance(expected, list):
        assert isinstance(found, list), (found, expected)
        for one, expected_one in zip(found, expected, strict=True):
            check_one(one, expected_one)
    else:
        assert not isinstance(found, list), (found, expected)
        check_one(found, expected)


def check_native(text: str, found: jsonrpc.Message) -> None:
    """What the native reader takes is the same request, but that it leaves it to the decoder of the
    params to find that they are no JSON."""
    usual = read_request(text, jsonrpc.MAX_NESTING)
    if usual is None:
        return
    method, params, ident = usual
    if isinstance(found, Request):
        assert (method, params) == (found.method, found.params)
        assert same(found.id, ident)
        return
    assert isinstance(found, Malformed)
    assert params is not None
    error = fault_of(params, Shape(Any))
    assert error is not None
    assert error.code in CODES


def comparable(message: jsonrpc.Message) -> Any:
    if isinstance(message, list):
        return [comparable(member) for member in message]
    if isinstance(message, Malformed):
        return (message.id, message.error.code, str(message.error))
    return (message.method, message.id, message.params)


def make(chance: Random) -> bytes:
    return message(chance, METHODS).encode("utf-8", "surrogatepass")


def test_any_bytes_are_what_the_specification_says() -> None:
    target = Target("jsonrpc")
    assert read_request(target.corpus["request"].decode(), jsonrpc.MAX_NESTING) is not None
    target.run(make, check, 4000)
