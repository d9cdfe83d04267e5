"""What is named like a secret."""

from __future__ import annotations

from stagedoor.wire.secrecy import names_secret


def test_names_of_secrets_and_others() -> None:
    names = (
        "password PASSWORD passwd pwd db_password token access_token accessToken secret "
        "client_secret api_key apiKey API-KEY apikey private_key credentials passphrase "
        "authorization session_key ssh_key jwt"
    )
    assert [name for name in names.split() if not names_secret(name)] == []
    harmless = (
        "key keys monkey keyboard author position compass passenger session score auth hp pass "
        "private api access cookies"
    )
    assert [name for name in harmless.split() if names_secret(name)] == []
