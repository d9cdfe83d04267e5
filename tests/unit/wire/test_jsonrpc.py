"""JSON-RPC 2.0 messages: `stagedoor.wire.jsonrpc`. The examples are the specification's own."""

import json
import math
import re
import sys
from typing import Any

import msgspec
import pytest

from stagedoor.wire import jsonrpc
from stagedoor.wire.encoding import Sealed
from stagedoor.wire.errors import MethodNotFound, RpcError
from stagedoor.wire.jsonrpc import Malformed, Request, decode
from stagedoor.wire.size import TooLargeError, UnsendableError


def subtract(params: Any) -> int:
    if isinstance(params, list):
        return int(params[0] - params[1])
    return int(params["minuend"] - params["subtrahend"])


METHODS: dict[str, Any] = {
    "subtract": subtract,
    "sum": sum,
    "get_data": lambda params: ["hello", 5],
    "update": lambda params: None,
    "notify_hello": lambda params: None,
    "notify_sum": lambda params: None,
}


def answer(member: Request | Malformed) -> bytes | None:
    if isinstance(member, Malformed):
        return jsonrpc.encode_error(member.id, member.error)
    if member.is_notification:
        return None
    assert not isinstance(member.id, msgspec.UnsetType)
    if member.method not in METHODS:
        return jsonrpc.encode_error(member.id, MethodNotFound(member.method))
    params = None if member.params is None else msgspec.json.decode(member.params)
    return jsonrpc.encode_result(member.id, METHODS[member.method](params))


def serve(message: bytes | str) -> Any:
    """What the smallest of servers answers, `data` of errors left out; None for nothing."""
    found = decode(message)
    if isinstance(found, list):
        answers = [text for text in map(answer, found) if text is not None]
        reply = jsonrpc.join_batch(answers) if answers else None
    else:
        reply = answer(found)
    if reply is None:
        return None
    value = json.loads(reply)
    for member in value if isinstance(value, list) else [value]:
        if "error" in member:
            member["error"].pop("data", None)
    return value


INVALID = {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": None}
UNPARSED = {"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": None}

# https://www.jsonrpc.org/specification, section 7
SPECIFICATION = {
    "positional parameters": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        {"jsonrpc": "2.0", "result": 19, "id": 1},
    ),
    "positional parameters, other order": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
        {"jsonrpc": "2.0", "result": -19, "id": 2},
    ),
    "named parameters": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42},'
        ' "id": 3}',
        {"jsonrpc": "2.0", "result": 19, "id": 3},
    ),
    "named parameters, other order": (
        '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23},'
        ' "id": 4}',
        {"jsonrpc": "2.0", "result": 19, "id": 4},
    ),
    "a notification": ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    "a notification of an unknown method": ('{"jsonrpc": "2.0", "method": "foobar"}', None),
    "a non-existent method": (
        '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"},
    ),
    "invalid JSON": ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', UNPARSED),
    "an invalid Request object": (
        '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
        INVALID,
    ),
    "a batch, invalid JSON": (
        '[\n  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},\n'
        '  {"jsonrpc": "2.0", "method"\n]',
        UNPARSED,
    ),
    "an empty array": ("[]", INVALID),
    "an invalid batch, but not empty": ("[1]", [INVALID]),
    "an invalid batch": ("[1,2,3]", [INVALID, INVALID, INVALID]),
    "a batch": (
        """[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
        ]""",
        [
            {"jsonrpc": "2.0", "result": 7, "id": "1"},
            {"jsonrpc": "2.0", "result": 19, "id": "2"},
            INVALID,
            {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
            {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"},
        ],
    ),
    "a batch of notifications alone": (
        """[
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
        ]""",
        None,
    ),
}


@pytest.mark.parametrize("example", SPECIFICATION)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_the_examples_of_the_specification(example: str, as_bytes: bool) -> None:
    message, expected = SPECIFICATION[example]
    assert serve(message.encode() if as_bytes else message) == expected


@pytest.mark.parametrize(
    "number", ["1", "-7", "0", "1.0", "1.5", "1e2", '"a"', '""', '"é\\u00e9"', "null", str(2**70)]
)
@pytest.mark.parametrize("is_good", [True, False])
def test_an_id_of_every_legal_type_comes_back_as_it_was(number: str, is_good: bool) -> None:
    method = '"sum"' if is_good else "17"
    reply = serve(f'{{"jsonrpc":"2.0","method":{method},"params":[],"id":{number}}}')
    sent, back = json.loads(number), reply["id"]
    assert (type(back), back) == (type(sent), sent)
    assert ("result" in reply) == is_good


@pytest.mark.parametrize("number", ["true", "false", "[]", "[1]", "{}", "1e400", "1" * 5000])
def test_an_id_of_another_type_is_an_invalid_request_with_a_null_id(number: str) -> None:
    assert serve(f'{{"jsonrpc":"2.0","method":"sum","params":[],"id":{number}}}') == INVALID


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "{",
        "nul",
        "[1,",
        "NaN",
        '{"jsonrpc":"2.0","method":"sum","params":[NaN],"id":1}',
        '{"jsonrpc":"2.0","method":"sum","params":[Infinity],"id":1}',
        '{"jsonrpc":"2.0","method":"sum","params":[01],"id":1}',
        '{"jsonrpc":"2.0","method":"sum","id":1} {}',
        "{'jsonrpc':'2.0'}",
        '{"jsonrpc":"2.0","method":"\\ud800","id":1}',
        '{"jsonrpc":"2.0","method":"sum","id":"\\ud800"}',
        '{"jsonrpc":"2.0","method":"\ud800","id":1}',
        b'{"jsonrpc":"2.0","method":"sum","params":["\xff"],"id":1}',
        b'{"jsonrpc":"2.0","method":"sum","\xff":0,"id":1}',
        b'[{"jsonrpc":"2.0","method":"sum","params":["\xff"],"id":1}]',
        b'{"jsonrpc":"2.0","method":"sum","params":["\xed\xa0\x80"],"id":1}',
        b'\xef\xbb\xbf{"jsonrpc":"2.0","method":"sum","id":1}',
        '{"jsonrpc":"2.0","method":"sum","id":1}'.encode("utf-16"),
        '{"jsonrpc":"2.0","method":"sum","id":1}'.encode("utf-16-le"),
        '{"jsonrpc":"2.0","method":"sum","id":1}'.encode("utf-32"),
        b"\x00",
        bytes(range(256)),
    ],
    ids=lambda message: repr(message)[:60],
)
def test_what_is_not_json_is_a_parse_error(message: str | bytes) -> None:
    assert serve(message) == UNPARSED


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("1", "expected an object"),
        ('"text"', "expected an object"),
        ("null", "expected an object"),
        ("true", "expected an object"),
        ("1" * 5000, "out of range"),
        ("{}", "missing required field `jsonrpc`"),
        ('{"method":"sum"}', "missing required field `jsonrpc`"),
        ('{"jsonrpc":"2.0"}', "missing required field `method`"),
        ('{"jsonrpc":"1.0","method":"sum"}', "`$.jsonrpc`"),
        ('{"jsonrpc":2.0,"method":"sum"}', "`$.jsonrpc`"),
        ('{"jsonrpc":"2.0","method":null}', "`$.method`"),
        ('{"jsonrpc":"2.0","result":1}', "missing required field `method`"),
    ],
)
def test_what_is_json_but_no_request_says_what_was_expected(message: str, reason: str) -> None:
    found = decode(message)
    assert isinstance(found, Malformed)
    assert (found.id, found.error.code) == (None, -32600)
    assert reason in str(found.error)


@pytest.mark.parametrize(
    "message",
    [
        '{"jsonrpc":"2.0","method":"sum","method":"get_data","id":1}',
        '{"jsonrpc":"2.0","method":"sum","m\\u0065thod":"get_data","id":1}',
        '{"jsonrpc":"2.0","method":"sum","id":1,"id":2}',
        '{"jsonrpc":"2.0","method":"sum","id":1,"id":12345678}',
        '{"jsonrpc":"2.0","method":"sum","id":12345678,"id":1}',
        '{"jsonrpc":"2.0","id":1,"method":"sum","id":1}',
        '{"jsonrpc":"2.0","method":"sum","params":[],"params":[1],"id":1}',
        '{"jsonrpc":"2.0","jsonrpc":"2.0","method":"sum","id":1}',
        '{"jsonrpc":"2.0","method":"sum","params":[],"params":[1]}',
        '{"jsonrpc":"2.0","method":"m","method":""}',
        '{"jsonrpc":"2.0","method":"sum","params":["ééééééé"],"id":1,"id":2}',
    ],
)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_member_that_occurs_twice_is_refused(message: str, as_bytes: bool) -> None:
    assert serve(message.encode() if as_bytes else message) == INVALID
    assert serve(f"[{message}]") == [INVALID]


def test_members_unknown_to_the_specification_are_left_alone() -> None:
    found = decode('{"jsonrpc":"2.0","method":"sum","id":"a\\"b","x":1,"x":{"method":"y"}}')
    assert isinstance(found, Request)
    assert (found.method, found.id) == ("sum", 'a"b')


def test_a_duplicate_far_behind_many_unknown_members_is_found() -> None:
    members = ",".join(f'"{number}":0' for number in range(50_000))
    assert serve(f'{{"jsonrpc":"2.0","method":"sum","id":1,{members},"id":2}}') == INVALID


def test_a_batch_has_a_hundred_members_at_most() -> None:
    member = '{"jsonrpc":"2.0","method":"sum","params":[],"id":1}'
    assert len(serve(f"[{','.join([member] * 100)}]")) == 100
    assert serve(f"[{','.join([member] * 101)}]") == INVALID
    assert serve("[" + "1," * 100_000 + "1]") == INVALID


def test_a_batch_within_a_batch_is_one_invalid_member() -> None:
    member = '{"jsonrpc":"2.0","method":"sum","params":[],"id":1}'
    expected = [INVALID, {"jsonrpc": "2.0", "result": 0, "id": 1}, INVALID]
    assert serve(f"[[{member}],{member},[]]") == expected


@pytest.mark.parametrize("depth", [2, 100, *range(240, 260)])
def test_batches_are_not_followed_into_batches(depth: int) -> None:
    """Each level would be read again, with all that is in it, and the stack is not endless."""
    assert serve("[" * depth + "]" * depth) == [INVALID]


def test_params_stay_the_json_text_they_were() -> None:
    found = decode('{"jsonrpc":"2.0","method":"a","params": {"x" : 1e400} ,"id":1}')
    assert isinstance(found, Request)
    assert found.params == b'{"x" : 1e400}'


@pytest.mark.parametrize(
    "value",
    [object(), {(1, 2): 3}, {"a": {"b": object()}}],
    ids=["object", "tuple as key", "object within"],
)
def test_a_result_that_json_cannot_carry_raises_what_is_documented(value: object) -> None:
    with pytest.raises(UnsendableError):
        jsonrpc.encode_result(1, value)


def test_a_cycle_raises_what_is_documented() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(UnsendableError):
        jsonrpc.encode_result(1, cycle)


def test_messages_are_written_as_the_specification_has_them() -> None:
    assert jsonrpc.encode_result(None, math.nan) == b'{"jsonrpc":"2.0","result":null,"id":null}'
    assert (
        jsonrpc.encode_error(1.5, RpcError(7, "x"))
        == b'{"jsonrpc":"2.0","error":{"code":7,"message":"x"},"id":1.5}'
    )
    assert (
        jsonrpc.encode_request(1, "a", {"b": b"\x00"})
        == b'{"jsonrpc":"2.0","method":"a","params":{"b":"AA=="},"id":1}'
    )
    assert jsonrpc.encode_request(1, "a") == b'{"jsonrpc":"2.0","method":"a","id":1}'
    assert jsonrpc.encode_notification("a", [1]) == b'{"jsonrpc":"2.0","method":"a","params":[1]}'


def test_what_is_sealed_is_taken_as_it_is_and_still_has_a_bound() -> None:
    broken = {"data": msgspec.Raw(b'"AAAA')}
    with pytest.raises(UnsendableError, match="JSON is malformed"):
        jsonrpc.encode_result(1, broken)
    assert (
        jsonrpc.encode_result(1, Sealed(broken))
        == b'{"jsonrpc":"2.0","result":{"data":"AAAA},"id":1}'
    )
    with pytest.raises(TooLargeError):
        jsonrpc.encode_result(1, Sealed({"data": msgspec.Raw(b"9" * 1000)}), max_size=1000)


def test_what_was_encoded_decodes() -> None:
    found = decode(jsonrpc.encode_request("é", "ü", ["ß"]))
    assert isinstance(found, Request)
    assert (found.id, found.method) == ("é", "ü")
    assert decode(jsonrpc.encode_notification("a")) == Request("a")


def test_no_broken_message_escapes() -> None:
    """Every prefix of a message, and every single byte of it changed: an answer, or a request."""
    message = b'[{"jsonrpc":"2.0","method":"a\\u00e9","params":{"x":[1.5e3,"\\""]},"id":"1"}]'
    for end in range(len(message)):
        assert serve(message[:end]) == UNPARSED
    for at in range(len(message)):
        for byte in b'\x00"[]{},:\\9e-\x80\xff ':
            changed = message[:at] + bytes([byte]) + message[at + 1 :]
            text = json.dumps(serve(changed))
            codes = set(re.findall(r'"code": (-\d+)', text))
            assert codes <= {"-32700", "-32600", "-32601"}, changed


def test_a_deep_stack_of_the_caller_does_not_turn_into_a_crash() -> None:
    def nested(depth: int) -> Any:
        return nested(depth - 1) if depth else serve("[" * 500 + "]" * 500)

    depth = sys.getrecursionlimit() // 2
    assert nested(depth) in (UNPARSED, [INVALID])
