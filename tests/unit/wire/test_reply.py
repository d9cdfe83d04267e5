"""What a client reads: `stagedoor.wire.reply`."""

import pytest
from msgspec import UNSET

from stagedoor.wire.errors import MethodNotFound
from stagedoor.wire.jsonrpc import encode_error, encode_notification, encode_result
from stagedoor.wire.reply import MalformedReplyError, Notification, Reply, decode_reply


def test_results_errors_and_notifications_are_told_apart() -> None:
    good = decode_reply(encode_result(1, {"a": 1}))
    assert isinstance(good, Reply)
    assert (good.id, bytes(good.result), good.error) == (1, b'{"a":1}', None)
    bad = decode_reply(encode_error("x", MethodNotFound("y")))
    assert isinstance(bad, Reply)
    assert isinstance(bad.error, MethodNotFound)
    told = decode_reply(encode_notification("rpc.progress"))
    assert isinstance(told, Notification)
    assert (told.method, told.params) == ("rpc.progress", UNSET)


def test_a_null_result_is_a_result() -> None:
    found = decode_reply(encode_result(1, None))
    assert isinstance(found, Reply)
    assert bytes(found.result) == b"null"


def test_the_answer_to_a_batch_is_a_list() -> None:
    found = decode_reply(b"[" + encode_result(1, 2) + b"," + encode_result(2, 3) + b"]")
    assert isinstance(found, list)
    assert [reply.id for reply in found if isinstance(reply, Reply)] == [1, 2]


@pytest.mark.parametrize(
    "data",
    ["", "{", "1", "null", "{}", '{"id":1}', '{"id":true,"result":1}', '{"result":1}', "[1]",
     '{"id":1,"error":"no"}', '{"id":1,"error":{"code":"x","message":1}}', b"\xff",
     '{"id":"\ud800","result":1}', "[" * 100_000, '{"x":' + "[" * 100_000],
)  # fmt: skip
def test_anything_else_is_malformed(data: str | bytes) -> None:
    with pytest.raises(MalformedReplyError):
        decode_reply(data)
