"""The options of a `WebSocketServer`: checked when they are given, each by its name."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from stagedoor.live.net.websocket import WebSocketServer

DEFAULTS = {
    "origins": (),
    "hosts": (),
    "subprotocols": (),
    "compression": False,
    "tls": None,
    "max_connections": 1024,
    "max_request_line": 8192,
    "max_headers": 64,
    "max_head_size": 16384,
    "max_message_size": 1024 * 1024,
    "max_fragments": 1024,
    "max_pings_per_second": 10,
    "max_receive_memory": 64 * 1024 * 1024,
    "max_send_queue": 16 * 1024 * 1024,
    "handshake_timeout": 5.0,
    "ping_interval": 20.0,
    "ping_timeout": 20.0,
    "write_timeout": 10.0,
    "close_timeout": 2.0,
}
LISTS = ["origins", "hosts", "subprotocols"]
COUNTS = [name for name in DEFAULTS if name.startswith("max_")]
SECONDS = [name for name in DEFAULTS if name.endswith(("_timeout", "_interval"))]


def options(**values: Any) -> WebSocketServer:
    return WebSocketServer(**values)


def test_are_keywords_with_the_defaults_of_the_design() -> None:
    parameters = list(inspect.signature(WebSocketServer).parameters.values())
    assert {parameter.name: parameter.default for parameter in parameters} == DEFAULTS
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)


def test_each_is_told_of_in_the_docstring() -> None:
    assert WebSocketServer.__doc__ is not None
    for name in DEFAULTS:
        assert f"`{name}`" in WebSocketServer.__doc__, name


def test_an_unknown_one_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="max_conections"):
        options(max_conections=5)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", [None, 5, [5], [None], [b"bytes"], b"bytes"], ids=repr)
def test_a_list_that_is_none_is_a_type_error_that_names_it(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=name):
        options(**{name: value})


@pytest.mark.parametrize("name", LISTS)
def test_one_string_for_a_list_of_them_is_a_type_error_that_says_how_to_write_it(
    name: str,
) -> None:
    with pytest.raises(TypeError, match=rf"{name} must be a list.*\['game\.local'\]"):
        options(**{name: "game.local"})


@pytest.mark.parametrize("value", ["", "a b", "a,b", "caf\xe9", "a\r\nb", '"a"'])
def test_a_subprotocol_that_is_no_token_is_a_value_error(value: str) -> None:
    with pytest.raises(ValueError, match="subprotocols"):
        options(subprotocols=["good", value])


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", ["5", 5.0, None, True, [5]], ids=repr)
def test_a_count_that_is_no_int_is_a_type_error(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"{name} must be an int, not {type(value).__name__}"):
        options(**{name: value})


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [0, -1, 2**64])
def test_a_count_out_of_range_is_a_value_error(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} must be"):
        options(**{name: value})


def test_max_connections_is_at_most_100_000() -> None:
    options(max_connections=100_000)
    with pytest.raises(ValueError, match="max_connections must be at most 100000"):
        options(max_connections=100_001)


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("value", ["5", True, [5]], ids=repr)
def test_seconds_that_are_no_number_are_a_type_error(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a number of seconds"):
        options(**{name: value})


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("value", [0, -1, -0.0, float("nan"), float("inf"), 10**400], ids=str)
def test_seconds_out_of_range_are_a_value_error(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be more than 0"):
        options(**{name: value})


@pytest.mark.parametrize("name", [name for name in SECONDS if name != "ping_interval"])
def test_only_the_ping_interval_may_be_none(name: str) -> None:
    options(ping_interval=None)
    with pytest.raises(TypeError, match=name):
        options(**{name: None})


def test_ints_and_floats_are_seconds() -> None:
    for name in SECONDS:
        options(**{name: 1})
        options(**{name: 0.001})


@pytest.mark.parametrize("value", [None, 1, "deflate"], ids=repr)
def test_compression_that_is_no_bool_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=f"compression must be a bool, not {type(value).__name__}"):
        options(compression=value)


@pytest.mark.parametrize("value", [object(), "cert.pem", ("cert.pem",), (b"cert", "key")])
def test_tls_that_is_no_pair_of_paths_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=r"tls must be a pair of paths \(certificate, key\)"):
        options(tls=value)


@pytest.mark.parametrize("origin", ["example.org", "https://example.org/", "https://", ""])
def test_an_origin_that_no_browser_sends_is_a_value_error(origin: str) -> None:
    with pytest.raises(ValueError, match="origins"):
        options(origins=[origin])


@pytest.mark.parametrize("host", ["http://game.local", "game.local/", "a b", ""])
def test_a_host_that_no_client_sends_is_a_value_error(host: str) -> None:
    with pytest.raises(ValueError, match="hosts"):
        options(hosts=[host])


def test_a_list_that_is_changed_later_changes_nothing() -> None:
    hosts = ["game.local"]
    server = options(hosts=hosts)
    hosts.append("evil.example")
    assert server._transport.options.for_core()["hosts"] == ["game.local"]


def test_any_sequence_of_strings_is_a_list() -> None:
    server = options(hosts=("a.example", "b.example"), subprotocols=iter(["json"]))
    core = server._transport.options.for_core()
    assert core["hosts"] == ["a.example", "b.example"]
    assert core["subprotocols"] == ["json"]
