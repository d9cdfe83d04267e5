"""A client's side of the conversation, without I/O: `stagedoor.client.core`."""

import json

import pytest

from stagedoor.client.core import Session
from stagedoor.client.errors import BadParamsError, BadReplyError


def reply(number: object, result: object) -> str:
    return json.dumps({"jsonrpc": "2.0", "result": result, "id": number})


def test_every_call_has_an_id_of_its_own() -> None:
    session = Session()
    one, first = session.call("a", {"b": 1})
    two, second = session.call("a", [1])
    assert one != two
    assert json.loads(first) == {"jsonrpc": "2.0", "method": "a", "params": {"b": 1}, "id": one}
    assert json.loads(second)["params"] == [1]
    assert "id" not in json.loads(session.notify("a"))


def test_only_answers_that_are_waited_for_come_out_and_only_once() -> None:
    session = Session()
    one, _ = session.call("a")
    two, _ = session.call("b")
    session.forget(two)
    assert session.receive(reply(two, 2)) == []
    assert session.receive(reply(99, 2)) == []
    assert session.receive(reply("x", 2)) == []
    assert session.receive('{"jsonrpc":"2.0","method":"topic.data","params":{}}') == []
    [answer] = session.receive(reply(one, {"x": [1]}))
    assert (answer.id, answer.result, answer.error) == (one, {"x": [1]}, None)
    assert session.receive(reply(one, 3)) == []


def test_an_error_without_an_id_comes_out() -> None:
    error = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}'
    [answer] = Session().receive(error)
    assert answer.id is None
    assert answer.error is not None
    assert answer.error.code == -32700


@pytest.mark.parametrize("params", ["text", 7, {1, 2}, {"a": object()}, ["\ud800"]], ids=repr)
def test_params_that_cannot_be_sent_are_refused(params: object) -> None:
    session = Session()
    with pytest.raises(BadParamsError):
        session.call("a", params)
    with pytest.raises(BadParamsError):
        session.notify("a", params)


@pytest.mark.parametrize("data", ["", "[", "{}", '{"id":1,"result":"\\ud800"}'])
def test_what_is_no_reply_is_refused(data: str) -> None:
    session = Session()
    session.call("a")
    with pytest.raises(BadReplyError):
        session.receive(data)
