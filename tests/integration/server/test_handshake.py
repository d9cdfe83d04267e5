"""The opening handshake and plain HTTP: who gets in, and what bad input gets (trust.md)."""

from __future__ import annotations

import time

import pytest

from .conftest import Connect, EchoGame, Serve, StartGame
from .raw import PATIENCE, TEXT, Frame, frame, request
from .running import Recording, poll_until

BOTH_ROUTES = pytest.mark.parametrize("upgrade", [False, True], ids=["GET", "upgrade"])


def welcome(upgrade: bool) -> int:
    return 101 if upgrade else 200


@BOTH_ROUTES
class TestHost:
    def status(self, dial: Connect, server: object, host: str, upgrade: bool) -> int:
        client = dial(server)
        client.send(request(client.port, host=host, upgrade=upgrade))
        return client.read_response().status

    @pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LocalHost", "[::1]"])
    def test_our_own_names_with_our_port_get_in(
        self, game: EchoGame, dial: Connect, name: str, upgrade: bool
    ) -> None:
        assert self.status(dial, game, f"{name}:{game.port}", upgrade) == welcome(upgrade)

    @pytest.mark.parametrize(
        "host",
        [
            "localhost6:{port}",
            "127.0.0.1.evil.com:{port}",
            "evil.com:{port}",
            "evil.com",
            "127.0.0.1",
            "localhost:1",
            "127.0.0.2:{port}",
            "0.0.0.0:{port}",
            "localhost.:{port}",
            "[::2]:{port}",
        ],
    )
    def test_a_foreign_host_is_403(
        self, game: EchoGame, dial: Connect, host: str, upgrade: bool
    ) -> None:
        assert self.status(dial, game, host.format(port=game.port), upgrade) == 403

    @pytest.mark.parametrize(
        "host",
        [
            "[::1",
            "::1",
            "localhost\0",
            "caf\xe9",
            "localhost:port",
            "localhost:65536",
            "localhost:{port}/",
            "a b",
            "user@localhost:{port}",
            "127.0.0.1@evil",
            "localhost:{port},localhost:{port}",
        ],
    )
    def test_a_malformed_host_is_400(
        self, game: EchoGame, dial: Connect, host: str, upgrade: bool
    ) -> None:
        assert self.status(dial, game, host.format(port=game.port), upgrade) == 400

    def test_an_allowed_host_gets_in_with_our_port_or_its_own(
        self, serve: Serve, dial: Connect, upgrade: bool
    ) -> None:
        server = serve(hosts=["game.local", "game.example:443"])
        for host in (f"game.local:{server.port}", "game.example:443", f"localhost:{server.port}"):
            assert self.status(dial, server, host, upgrade) == welcome(upgrade)
        for host in ("game.local", f"game.example:{server.port}", f"x.game.local:{server.port}"):
            assert self.status(dial, server, host, upgrade) == 403

    def test_none_or_two_are_400(self, game: EchoGame, dial: Connect, upgrade: bool) -> None:
        client = dial(game)
        assert client.ask(request(client.port, upgrade=upgrade, without=["Host"])).status == 400
        client = dial(game)
        twice = [f"Host: 127.0.0.1:{client.port}"]
        assert client.ask(request(client.port, upgrade=upgrade, headers=twice)).status == 400


@BOTH_ROUTES
class TestOrigin:
    def status(self, dial: Connect, server: object, upgrade: bool, *origins: str) -> int:
        client = dial(server)
        lines = [f"Origin: {origin}" for origin in origins]
        client.send(request(client.port, upgrade=upgrade, headers=lines))
        return client.read_response().status

    def test_our_own_gets_in(self, game: EchoGame, dial: Connect, upgrade: bool) -> None:
        for name in ("127.0.0.1", "localhost", "[::1]"):
            origin = f"http://{name}:{game.port}"
            assert self.status(dial, game, upgrade, origin) == welcome(upgrade)

    @pytest.mark.parametrize(
        "origin",
        [
            "null",
            "http://evil.example",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            "https://127.0.0.1:{port}",
            "http://127.0.0.1.evil.com:{port}",
            "chrome-extension://abcdefgh",
            "file://",
        ],
    )
    def test_a_foreign_one_is_403(
        self, game: EchoGame, dial: Connect, origin: str, upgrade: bool
    ) -> None:
        assert self.status(dial, game, upgrade, origin.format(port=game.port)) == 403

    @pytest.mark.parametrize(
        "origin",
        [
            "",
            "evil",
            "http://",
            "://a",
            "http://[::1",
            "http://a:99999",
            "http://a b",
            "http://localhost:80.evil.com",
            "http://localhost:{port}\0",
            "http://localhost:port",
            "\xff",
        ],
    )
    def test_a_malformed_one_is_400(
        self, game: EchoGame, dial: Connect, origin: str, upgrade: bool
    ) -> None:
        assert self.status(dial, game, upgrade, origin.format(port=game.port)) == 400

    def test_two_are_400_even_if_each_is_ours(
        self, game: EchoGame, dial: Connect, upgrade: bool
    ) -> None:
        ours = f"http://127.0.0.1:{game.port}"
        assert self.status(dial, game, upgrade, ours, ours) == 400

    def test_an_allowed_one_gets_in_and_must_match_exactly(
        self, serve: Serve, dial: Connect, upgrade: bool
    ) -> None:
        server = serve(origins=["https://tools.example"])
        assert self.status(dial, server, upgrade, "https://tools.example") == welcome(upgrade)
        for origin in ("http://tools.example", "https://tools.example.evil.com"):
            assert self.status(dial, server, upgrade, origin) == 403
        assert self.status(dial, server, upgrade, "https://tools.example:444") == 403


class TestPlainHttp:
    def test_get_gets_a_page_that_no_other_site_can_use(
        self, game: EchoGame, dial: Connect
    ) -> None:
        client = dial(game)
        response = client.ask(request(client.port, upgrade=False))
        assert response.status == 200
        assert int(response.headers["content-length"]) == len(response.body) > 0
        assert b"WebSocket" in response.body
        headers = response.headers
        assert headers["content-security-policy"] == (
            f"default-src 'self'; connect-src 'self' ws://127.0.0.1:{client.port};"
            " frame-ancestors 'none'"
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers

    def test_head_gets_the_same_head_and_no_body(self, game: EchoGame, dial: Connect) -> None:
        client = dial(game)
        get = client.ask(request(client.port, upgrade=False))
        head = dial(game).ask(request(client.port, upgrade=False, method="HEAD"))
        assert head.status == 200
        assert head.headers == get.headers
        assert head.body == b""

    @pytest.mark.parametrize(
        "target", ["/nothing", "/..", "/%2e%2e/", "/%00", "/\\", "//", "/index.html", "/?/x/.."]
    )
    def test_other_paths_are_404(self, game: EchoGame, dial: Connect, target: str) -> None:
        client = dial(game)
        status = client.ask(request(client.port, upgrade=False, target=target)).status
        assert status == (200 if target.startswith("/?") else 404)

    @pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE", "BREW"])
    @BOTH_ROUTES
    def test_other_methods_are_405(
        self, game: EchoGame, dial: Connect, method: str, upgrade: bool
    ) -> None:
        client = dial(game)
        response = client.ask(request(client.port, method=method, upgrade=upgrade))
        assert response.status == 405
        assert "GET" in response.headers["allow"]

    def test_http_clients_leave_no_trace_in_the_program(self, serve: Serve, dial: Connect) -> None:
        server = serve()
        recording = Recording(server)
        client = dial(server)
        client.ask(request(client.port, upgrade=False))
        assert server.poll() == 0
        dial(server).ask(request(client.port, host="evil.com"))
        deadline = time.monotonic() + PATIENCE
        while not (handled := server.poll()):  # the client is answered a moment before
            assert time.monotonic() < deadline
        assert handled == 1, "for the log"
        assert (recording.connections, recording.events) == ([], [])


BREAKS = {
    "in the target": "GET /{0}X-Injected:{0} HTTP/1.1\r\nHost: {1}\r\n",
    "in a query": "GET /?{0}X-Injected:{0} HTTP/1.1\r\nHost: {1}\r\n",
    "in Host": "GET / HTTP/1.1\r\nHost: {1}{0}X-Injected: yes\r\n",
    "in Origin": "GET / HTTP/1.1\r\nHost: {1}\r\nOrigin: http://{1}{0}X-Injected: yes\r\n",
    "in a method": "GE{0}X-Injected: yes / HTTP/1.1\r\nHost: {1}\r\n",
    "in the version": "GET / HTTP/1.1{0}X-Injected: yes\r\nHost: {1}\r\n",
    "in a subprotocol": "GET / HTTP/1.1\r\nHost: {1}\r\nSec-WebSocket-Protocol: "
    "raw{0}X-Injected: yes\r\n",
    "in an extension": "GET / HTTP/1.1\r\nHost: {1}\r\nSec-WebSocket-Extensions: "
    "permessage-deflate; server_max_window_bits=10{0}X-Injected: yes\r\n",
}


@pytest.mark.parametrize("head", BREAKS.values(), ids=BREAKS.keys())
@pytest.mark.parametrize("line_break", ["\r", "\n", "%0d%0a", "\x0b", "\x85", "\\r\\n"])
@BOTH_ROUTES
def test_a_line_break_reaches_no_header_of_ours(
    kept_game: StartGame, dial: Connect, head: str, line_break: str, upgrade: bool
) -> None:
    client = dial(kept_game(subprotocols=["raw"], compression=True))
    address = f"127.0.0.1:{client.port}"
    rest = request(client.port, upgrade=upgrade, without=["Host"]).decode().partition("\r\n")[2]
    client.send((head.format(line_break, address) + rest).encode("latin-1"))
    response = client.read_response()
    assert response.status in (101, 200, 400, 404, 405, 505)
    assert "injected" not in str(response.headers).lower()


class TestMalformedRequests:
    @pytest.mark.parametrize(
        "lines",
        [
            ["Content-Length: 5"],
            ["Content-Length: 5", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: chunked"],
            ["X-Folded: a", "  b"],
            ["Space-Before : colon"],
            ["No colon"],
            [": no name"],
            ["X-Control: a\x01b"],
            ["X-Nul: a\0b"],
            ["X-Bare: line\nfeed: b"],
            ["X-Bare: carriage\rreturn"],
        ],
        ids=repr,
    )
    @BOTH_ROUTES
    def test_bad_headers_are_400_and_the_connection_ends(
        self, game: EchoGame, dial: Connect, lines: list[str], upgrade: bool
    ) -> None:
        client = dial(game)
        assert client.ask(request(client.port, headers=lines, upgrade=upgrade)).status == 400

    @pytest.mark.parametrize(
        ("head", "status"),
        [
            ("GET / HTTP/1.0\r\n", 505),
            ("GET / HTTP/1.2\r\n", 505),
            ("GET / HTTP/3.0\r\n", 505),
            ("GET /\r\n", 400),
            ("GET\r\n", 400),
            ("GET  / HTTP/1.1\r\n", 400),
            ("GET / HTTP/1.1 \r\n", 400),
            ("GET * HTTP/1.1\r\n", 400),
            ("GET relative HTTP/1.1\r\n", 400),
            ("GET /\x7f HTTP/1.1\r\n", 400),
            ("GET /#fragment HTTP/1.1\r\n", 400),
            ("GET ftp://127.0.0.1:{port}/ HTTP/1.1\r\n", 400),
            ("GET http://evil.com/ HTTP/1.1\r\n", 400),
            ("GET http://127.0.0.1:{port}@evil.com/ HTTP/1.1\r\n", 400),
            ("GET http://127.0.0.1:{port}/ HTTP/1.1\r\n", 200),
            ("GET http://127.0.0.1:{port} HTTP/1.1\r\n", 200),
            ("\r\n", 400),
        ],
        ids=repr,
    )
    def test_request_lines(self, game: EchoGame, dial: Connect, head: str, status: int) -> None:
        client = dial(game)
        port = client.port
        whole = (head.format(port=port) + f"Host: 127.0.0.1:{port}\r\n\r\n").encode()
        assert client.ask(whole).status == status

    def test_a_foreign_target_with_the_same_host_is_403(
        self, game: EchoGame, dial: Connect
    ) -> None:
        client = dial(game)
        head = request(client.port, target="http://evil.com/", host="evil.com")
        assert client.ask(head).status == 403

    def test_a_line_of_8_kib_is_read_and_a_longer_one_is_414(
        self, serve: Serve, dial: Connect
    ) -> None:
        server = serve()
        client = dial(server)
        target = "/" + "x" * (8192 - len("GET / HTTP/1.1"))
        client.upgrade(target=target)
        assert Recording(server).next_connection().path == target
        client = dial(server)
        assert client.ask(request(client.port, target=target + "x")).status == 414

    def test_a_line_that_does_not_end_is_414(self, game: EchoGame, dial: Connect) -> None:
        assert dial(game).ask(b"GET /" + b"x" * 10_000).status == 414

    def test_64_headers_are_read_and_65_are_431(self, game: EchoGame, dial: Connect) -> None:
        headers = [f"X-{number}: {number}" for number in range(59)]
        client = dial(game)
        client.upgrade(headers=headers)
        client = dial(game)
        assert client.ask(request(client.port, headers=[*headers, "X-65: 65"])).status == 431

    def test_a_head_of_16_kib_is_read_and_a_larger_one_is_431(
        self, game: EchoGame, dial: Connect
    ) -> None:
        client = dial(game)
        rest = 16 * 1024 - len(request(client.port, headers=["X: "]))
        client.upgrade(headers=["X: " + "x" * rest])
        client = dial(game)
        assert client.ask(request(client.port, headers=["X: " + "x" * (rest + 1)])).status == 431


class TestUpgrade:
    @pytest.mark.parametrize(
        ("without", "added", "status"),
        [
            ("Sec-WebSocket-Version", [], 426),
            ("Sec-WebSocket-Version", ["Sec-WebSocket-Version: 8"], 426),
            ("Sec-WebSocket-Version", ["Sec-WebSocket-Version: 13, 8"], 426),
            ("", ["Sec-WebSocket-Version: 13"], 426),
            ("Sec-WebSocket-Key", [], 400),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: "], 400),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: c2hvcnQ="], 400),
            ("Sec-WebSocket-Key", ["Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!=="], 400),
            ("", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], 400),
            ("Connection", [], 400),
            ("Connection", ["Connection: keep-alive"], 400),
            ("Connection", ["Connection: keep-alive, uPgRaDe"], 101),
            ("Upgrade", ["Upgrade: h2c, WebSocket"], 101),
            ("Upgrade", ["Upgrade: h2c"], 200),
            ("", ["Sec-WebSocket-Protocol: a b"], 400),
            ("", ["Sec-WebSocket-Protocol: a, a"], 400),
            ("", ["Sec-WebSocket-Protocol: "], 400),
            ("", ["Sec-WebSocket-Extensions: permessage-deflate"], 101),
        ],
    )
    def test_headers(
        self, game: EchoGame, dial: Connect, without: str, added: list[str], status: int
    ) -> None:
        client = dial(game)
        client.send(request(client.port, without=[without], headers=added))
        response = client.read_response()
        assert response.status == status
        if status == 426:
            assert response.headers["sec-websocket-version"] == "13"

    def test_the_response_proves_that_we_read_the_key_and_agrees_on_nothing_else(
        self, game: EchoGame, dial: Connect
    ) -> None:
        response = dial(game).upgrade(
            headers=["Sec-WebSocket-Protocol: x", "Sec-WebSocket-Extensions: permessage-deflate"]
        )
        # The example of RFC 6455, section 1.3.
        assert response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert response.headers["upgrade"].lower() == "websocket"
        assert response.headers["connection"].lower() == "upgrade"
        assert "sec-websocket-protocol" not in response.headers
        assert "sec-websocket-extensions" not in response.headers

    @pytest.mark.parametrize(
        ("offered", "chosen"),
        [
            (["json, raw"], "json"),
            (["raw, json"], "raw"),
            (["other", "json"], "json"),
            (["JSON"], None),
            (["token.secret, json"], "json"),
        ],
    )
    def test_the_clients_first_subprotocol_that_is_spoken_here_is_chosen(
        self, serve: Serve, dial: Connect, offered: list[str], chosen: str | None
    ) -> None:
        server = serve(subprotocols=["raw", "json"])
        response = dial(server).upgrade(
            headers=[f"Sec-WebSocket-Protocol: {value}" for value in offered]
        )
        assert response.headers.get("sec-websocket-protocol") == chosen
        assert Recording(server).next_connection().protocol == chosen

    def test_a_head_sent_one_byte_at_a_time_gets_in(self, serve: Serve, dial: Connect) -> None:
        server = serve()
        client = dial(server)
        for byte in request(client.port, headers=["X-Late: yes"]):
            client.send(bytes([byte]))
        assert client.read_response().status == 101
        assert Recording(server).next_connection().headers["x-late"] == "yes"

    def test_frames_sent_before_our_101_are_kept_in_order(
        self, game: EchoGame, dial: Connect
    ) -> None:
        client = dial(game)
        frames = [frame(TEXT, str(number).encode()) for number in range(100)]
        last = frame(TEXT, b"x" * 100_000)
        client.send(request(client.port) + b"".join(frames) + last[:50_000])
        assert client.read_response().status == 101
        client.send(last[50_000:])
        for number in range(100):
            assert client.read_frame() == Frame(TEXT, str(number).encode())
        assert client.read_frame() == Frame(TEXT, b"x" * 100_000)


class TestPeersThatDoNotSpeakHttp:
    def test_a_tls_hello_is_closed_without_an_answer(self, game: EchoGame, dial: Connect) -> None:
        client = dial(game)
        client.send(bytes.fromhex("16030100c8010000c40303") + bytes(200))
        assert client.read_to_end() == b""

    def test_binary_noise_is_400(self, game: EchoGame, dial: Connect) -> None:
        assert dial(game).ask(b"\x00\xff\r\n\r\n").status == 400

    @pytest.mark.timing
    @pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127"], ids=["silent", "cut"])
    def test_a_handshake_that_does_not_end_is_closed_at_the_deadline(
        self, serve: Serve, dial: Connect, sent: bytes
    ) -> None:
        client = dial(serve(handshake_timeout=0.1))
        began = time.monotonic()
        client.send(sent)
        client.read_to_end()
        assert time.monotonic() - began + 0.05 >= 0.1
        assert time.monotonic() - began < 0.1 * 5

    @pytest.mark.timing
    def test_a_byte_now_and_then_does_not_move_the_deadline(
        self, serve: Serve, dial: Connect
    ) -> None:
        client = dial(serve(handshake_timeout=0.2))
        client.socket.settimeout(0.02)
        began = time.monotonic()
        ended = False
        while not ended and time.monotonic() - began < 0.2 * 5:
            try:
                client.send(b"G")
                ended = client.socket.recv(100) == b""
            except TimeoutError:
                pass
            except ConnectionError:
                ended = True
        assert ended

    @pytest.mark.parametrize("leave", ["reset", "close"])
    def test_a_reset_or_an_end_in_the_head_is_nothing_to_tell(
        self, game: EchoGame, dial: Connect, leave: str
    ) -> None:
        head = request(game.port)
        said = len(game.program.lines)
        for cut in range(0, len(head), 3):
            client = dial(game)
            client.send(head[:cut])
            getattr(client, leave)()
        with game.healthy_client() as healthy:
            healthy.round_trip()
        assert {line for line in game.program.lines[said:] if "closed:" not in line} == set()

    @pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127"], ids=["silent", "cut"])
    def test_at_the_deadline_a_place_is_free_again(
        self, kept_game: StartGame, dial: Connect, sent: bytes
    ) -> None:
        game = kept_game(handshake_timeout=1.0)
        for client in [dial(game) for _ in range(20)]:
            client.send(sent)
            client.read_to_end()


class TestMaxConnections:
    def test_one_more_is_503_and_there_is_room_again_after_one_leaves(
        self, serve: Serve, dial: Connect, connect: Connect
    ) -> None:
        server = serve(max_connections=2)
        recording = Recording(server)
        first, _second = connect(server), connect(server)
        poll_until(server, lambda: len(recording.connections) == 2)
        for _ in range(3):
            client = dial(server)
            assert client.ask(request(client.port)).status == 503
            client.close()
        first.close()
        recording.wait_for("closed")
        third = connect(server)
        third.send(frame(TEXT, b"in"))
        recording.wait_for("text")
        assert recording.events[-1] == ("text", 3, "in")

    def test_peers_that_were_turned_away_or_answered_take_no_place(
        self, serve: Serve, dial: Connect, connect: Connect
    ) -> None:
        server = serve(max_connections=1, close_timeout=2.0)
        recording = Recording(server)
        page = dial(server)
        assert page.ask(request(page.port, upgrade=False)).status == 200
        first = connect(server)  # although the other has not closed its side
        turned_away = dial(server)
        assert turned_away.ask(request(turned_away.port)).status == 503
        first.close()
        recording.wait_for("closed")
        connect(server)

    def test_peers_in_their_handshake_count(self, serve: Serve, dial: Connect) -> None:
        server = serve(max_connections=1, handshake_timeout=1.0)
        silent = dial(server)
        client = dial(server)
        assert client.ask(request(client.port)).status == 503
        silent.read_to_end()
        dial(server).upgrade()

    def test_far_too_many_at_once_are_all_turned_away_and_the_others_are_served(
        self, serve: Serve, dial: Connect, connect: Connect
    ) -> None:
        server = serve(max_connections=1)
        recording = Recording(server)
        healthy = connect(server)
        crowd = [dial(server) for _ in range(100)]
        for client in crowd:
            client.read_to_end()
        healthy.send(frame(TEXT, b"still here"))
        recording.wait_for("text")
        for client in crowd:
            client.close()
