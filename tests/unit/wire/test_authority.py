"""Hosts and ports in texts."""

from __future__ import annotations

import pytest

from stagedoor.wire.authority import authority


@pytest.mark.parametrize(
    ("host", "port", "text"),
    [
        ("127.0.0.1", 8787, "127.0.0.1:8787"),
        ("game.local", 1, "game.local:1"),
        ("::1", 8787, "[::1]:8787"),
        ("fe80::1%eth0", 80, "[fe80::1%eth0]:80"),
    ],
)
def test_an_ipv6_address_is_in_brackets(host: str, port: int, text: str) -> None:
    assert authority(host, port) == text
