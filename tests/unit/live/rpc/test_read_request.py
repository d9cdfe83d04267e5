"""The native short way into a request says what `wire.jsonrpc` says, or nothing."""

import random

import msgspec
import pytest
from tests.unit.live.rpc.fakes import connect, new_hub

from stagedoor._core import read_request
from stagedoor.wire import jsonrpc
from stagedoor.wire.jsonrpc import Request

MESSAGES = [
    '{"jsonrpc":"2.0","method":"spawn","params":{"kind":"big","count":[3,-0.5e3]},"id":17}',
    '{"jsonrpc": "2.0", "method": "a.b", "params": ["}", "\\"", "é\\ud83d\\ude00"], "id": "x-1"}',
    ' {"id":-5 ,"params":[[],{"a":{"b":null}}],"method":"m","jsonrpc":"2.0"}\r\n',
    '{"jsonrpc":"2.0","method":"m","id":0}',
]
BYTES = '"\\{}[],: 0159-+eE.x\x00\x7fénull'


def mutations(count: int) -> list[str]:
    """Messages with some characters changed, taken out, put in, or a part said twice."""
    chosen = random.Random(20)
    found = []
    for _ in range(count):
        text = chosen.choice(MESSAGES)
        for _ in range(chosen.randint(1, 3)):
            at = chosen.randrange(len(text) + 1)
            end = min(len(text), at + chosen.choice([0, 1, 1, 8]))
            new = chosen.choice(["", chosen.choice(BYTES), text[at:end] * 2, ',"id":1'])
            text = text[:at] + new + text[end:]
        found.append(text)
    return found


@pytest.mark.parametrize("message", MESSAGES)
def test_requests_of_the_usual_form_are_read(message: str) -> None:
    usual = read_request(message, 64)
    assert usual is not None
    assert Request(*usual) == jsonrpc.decode(message)


def test_what_is_read_is_what_the_whole_parser_says() -> None:
    read = 0
    for message in mutations(20_000):
        if (usual := read_request(message, 64)) is None:
            continue
        request = Request(*usual)
        try:
            if request.params is not None:
                msgspec.json.decode(request.params, type=msgspec.Raw)
        except msgspec.DecodeError:
            continue  # for the decoder of the params to refuse
        read += 1
        assert request == jsonrpc.decode(message), message
    assert read > 1000


@pytest.mark.parametrize("params", ["[1 2]", '{"a" 1}', "[1,]", "[}", '["\x01"]', "[nul]"])
def test_params_that_are_no_json_are_a_parse_error_without_an_id(params: str) -> None:
    hub = new_hub()
    hub.methods.add(lambda a=None: a, "m")
    connection = connect(hub)
    reply = connection.receive(f'{{"jsonrpc":"2.0","method":"m","params":{params},"id":7}}')
    assert reply["error"]["code"] == -32700
    assert reply["id"] is None
    assert connection.call("m", {"a": 5}) == {"jsonrpc": "2.0", "result": 5, "id": 1}
