"""A server that speaks TLS: what it is made with, who gets in, and what others get."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority, Pair, rewrite
from cryptography.hazmat.primitives.serialization import PrivateFormat
from trustme import KeyType
from websockets.sync.client import ClientConnection, connect

from stagedoor.live.net.websocket import WebSocketServer

from .conftest import Connect, Serve
from .raw import PATIENCE
from .running import (
    MORE_THAN_THE_KERNEL_TAKES,
    Program,
    Recording,
    poll_until,
    poll_until_connected,
)

MIB = 1 << 20


@pytest.fixture
def secure(serve: Serve, authority: Authority) -> WebSocketServer:
    return serve(tls=authority.pair)


def dial(server: WebSocketServer, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", server.port or 0), PATIENCE)
    return context.wrap_socket(plain, server_hostname="localhost")


def talk(server: WebSocketServer, context: ssl.SSLContext, **options: Any) -> ClientConnection:
    return connect(f"wss://localhost:{server.port}/", ssl=context, proxy=None, **options)


# Versions and keys -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_both_versions_are_spoken_and_close_codes_are_intact(
    secure: WebSocketServer, authority: Authority, version: str
) -> None:
    recording = Recording(secure)
    context = authority.context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
    with talk(secure, context) as client:
        assert client.socket.version() == version  # type: ignore[attr-defined]
        client.send("größe")
        assert recording.wait_for("text") == ["größe"]
        recording.connections[0].send(b"\0\xff")
        assert client.recv(timeout=PATIENCE) == b"\0\xff"
        closing = threading.Thread(target=client.close, args=(3001, "done, größe"))
        closing.start()
        assert recording.wait_for("closed") == [None]
        closing.join()
    assert (recording.connections[0].close_code, client.close_code) == (3001, 3001)
    assert recording.connections[0].close_reason == "done, größe"


def test_tls_1_1_is_refused(secure: WebSocketServer, authority: Authority) -> None:
    context = authority.context()
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python advises against it, too
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError) as refusal:
        dial(secure, context)
    assert "ALERT" in str(refusal.value.reason)  # the server says so, not our own OpenSSL


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("kind", list(KeyType))
def test_keys_of_every_kind_and_form_are_taken(
    serve: Serve, authority: Authority, kind: KeyType, form: PrivateFormat
) -> None:
    certificate, key = authority.issue(key_type=kind)
    server = serve(tls=(str(certificate), rewrite(key, form)))
    dial(server, authority.context()).close()


def test_the_server_shows_its_whole_chain(serve: Serve, tmp_path: Path) -> None:
    import trustme

    root = trustme.CA()
    leaf = root.create_child_ca().issue_cert("localhost")
    certificate, key = tmp_path / "chain", tmp_path / "key"
    certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(key)
    context = ssl.create_default_context()
    root.configure_trust(context)
    dial(serve(tls=(certificate, key)), context).close()


# What cannot be ----------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_an_os_error_that_names_it(authority: Authority) -> None:
    certificate, key = authority.pair
    missing = authority.folder / "missing"
    for pair in ((missing, key), (certificate, missing)):
        with pytest.raises(FileNotFoundError) as error:
            WebSocketServer(tls=pair)
        assert error.value.filename == str(missing)
        assert "No such file or directory" in str(error.value)
    with pytest.raises(IsADirectoryError):
        WebSocketServer(tls=(authority.folder, key))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda certificate, key, other: (key, certificate), "no certificate: expected PEM"),
        (lambda certificate, key, other: (certificate, certificate), "no private key: expected"),
        (lambda certificate, key, other: (certificate, other), "the private key is not that of"),
        (
            lambda certificate, key, other: (
                certificate,
                rewrite(key, PrivateFormat.PKCS8, encrypted=True),
            ),
            "the private key is encrypted: expected one without a passphrase",
        ),
        (
            lambda certificate, key, other: (
                certificate,
                rewrite(key, PrivateFormat.TraditionalOpenSSL, encrypted=True),
            ),
            "the private key is encrypted",
        ),
    ],
    ids=["swapped", "no key", "another's key", "encrypted PKCS#8", "encrypted SEC1"],
)
@pytest.mark.parametrize("kind", [KeyType.ECDSA, KeyType.RSA])
def test_a_pair_that_is_none_is_a_value_error_that_names_the_file_and_shows_no_key(
    authority: Authority, wrong: Any, text: str, kind: KeyType
) -> None:
    certificate, key = authority.issue(key_type=kind)
    pair = wrong(certificate, key, authority.issue(key_type=kind)[1])
    with pytest.raises(ValueError, match=text) as error:
        WebSocketServer(tls=pair)
    assert str(pair[0]) in str(error.value) or str(pair[1]) in str(error.value)
    lines = [line for line in key.read_text().splitlines() if not line.startswith("-")]
    assert not any(line in repr(error.value) for line in lines)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"-----BEGIN CERTIFICATE-----\nAAAA"])
def test_a_file_with_something_else_is_a_value_error(
    authority: Authority, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    for pair in ((file, authority.pair[1]), (authority.pair[0], file)):
        with pytest.raises(ValueError, match=str(file)):
            WebSocketServer(tls=pair)


def test_a_certificate_that_is_none_inside_is_a_value_error(
    authority: Authority, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(ValueError, match=f"{file}: the certificate cannot be used"):
        WebSocketServer(tls=(file, authority.pair[1]))


@pytest.mark.parametrize("tls", ["cert.pem", b"", True, object(), ("a",), ("a", "b", "c"), {}])
def test_what_is_no_pair_is_a_type_error(tls: Any) -> None:
    with pytest.raises(TypeError, match=r"tls must be a pair of paths \(certificate, key\), not"):
        WebSocketServer(tls=tls)


@pytest.mark.parametrize("pair", [(None, "key"), ("certificate", 1), (b"certificate", "key")])
def test_a_pair_of_something_else_is_a_type_error(pair: Any) -> None:
    with pytest.raises(TypeError, match="tls must be a pair of paths"):
        WebSocketServer(tls=pair)


# Traffic -----------------------------------------------------------------------------------------


@pytest.fixture
def pair(authority: Authority) -> Pair:
    return authority.pair


def test_16_mib_go_both_ways(serve: Serve, authority: Authority, pair: Pair) -> None:
    server = serve(tls=pair, max_message_size=16 * MIB)
    recording = Recording(server)
    large = bytes(range(256)) * (16 * MIB // 256)
    got = []

    def exchange() -> None:
        with talk(server, authority.context(), max_size=None) as client:
            client.send(large)
            got.append(client.recv(timeout=PATIENCE))

    client = threading.Thread(target=exchange)
    client.start()
    assert recording.wait_for("binary") == [large]
    recording.connections[0].send(large)
    poll_until(server, lambda: got)
    client.join()
    assert got == [large]


def test_a_slow_reader_fills_the_queue_and_gets_everything_when_it_reads(
    serve: Serve, connect: Connect, authority: Authority
) -> None:
    server = serve(tls=authority.pair, max_send_queue=MIB)
    client = connect(server, receive_buffer=4096, tls=authority.context())
    connection = Recording(server).next_connection()
    called: list[object] = []
    connection.send(MORE_THAN_THE_KERNEL_TAKES, lambda error: called.append(("large", error)))
    connection.send("does not fit", lambda error: called.append(("small", error)))
    poll_until(server, lambda: called)
    ((which, text),) = called
    assert which == "small"
    assert "the send queue is full" in str(text)
    assert MIB < connection.bufferedAmount <= len(MORE_THAN_THE_KERNEL_TAKES) + 10
    assert client.read_frame().payload == MORE_THAN_THE_KERNEL_TAKES
    poll_until(server, lambda: connection.bufferedAmount == 0)
    poll_until(server, lambda: len(called) == 2)
    assert called[1] == ("large", None)
    connection.send("fits again")
    assert client.read_frame().payload == b"fits again"


def test_a_client_that_takes_nothing_is_ended_by_the_write_timeout(
    serve: Serve, connect: Connect, authority: Authority
) -> None:
    server = serve(tls=authority.pair, write_timeout=0.2)
    connect(server, receive_buffer=4096, tls=authority.context())
    recording = Recording(server)
    recording.next_connection().send(MORE_THAN_THE_KERNEL_TAKES)
    (error,) = recording.wait_for("closed")
    assert error == "the peer took no data for too long"


def test_messages_larger_than_allowed_close_with_1009(
    secure: WebSocketServer, authority: Authority
) -> None:
    with talk(secure, authority.context()) as client:
        poll_until_connected(secure)
        client.send(bytes(2 * MIB))
        with pytest.raises(Exception, match="1009"):
            client.recv(timeout=PATIENCE)


# What others get ---------------------------------------------------------------------------------


def test_plain_http_and_noise_are_ended_and_nothing_is_said_of_it(
    secure: WebSocketServer, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    recording = Recording(secure)
    for request in (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\0\0"):
        with socket.create_connection(("127.0.0.1", secure.port or 0), PATIENCE) as client:
            client.sendall(request)
            answer = b""
            while chunk := client.recv(4096):
                answer += chunk
            assert len(answer) <= 7  # an alert, at most
    with talk(secure, authority.context()) as client:
        client.send("still here")
        assert recording.wait_for("text") == ["still here"]
    assert not [record for record in caplog.records if record.name.startswith("stagedoor")]
    assert not recording.of("error")


def test_a_client_that_does_not_trust_the_certificate_leaves_no_trace(
    secure: WebSocketServer, authority: Authority
) -> None:
    recording = Recording(secure)
    with pytest.raises(ssl.SSLCertVerificationError):
        dial(secure, ssl.create_default_context())
    with talk(secure, authority.context()) as client:
        client.send("still here")
        assert recording.wait_for("text") == ["still here"]
    assert len(recording.connections) == 1


# The end -----------------------------------------------------------------------------------------


def test_a_program_ends_with_connections_open(authority: Authority) -> None:
    certificate, key = map(str, authority.pair)
    source = f"""
    server = WebSocketServer(tls=({certificate!r}, {key!r}))
    server.listen(0)
    print(server.port)
    while not server.connections:
        server.poll()
        time.sleep(0.001)
    print("open")
    sys.stdin.readline()
    """
    with Program(source) as program:
        url = f"wss://localhost:{program.read_port()}/"
        with connect(url, ssl=authority.context(), proxy=None) as client:
            assert program.read_line() == "open"
            program.tell()
            with pytest.raises(Exception, match="1001"):
                client.recv(timeout=PATIENCE)
        assert program.finish() == (0, "", "")
