"""Close codes by name (RFC 6455, section 7.4): those that somebody here sends, or looks for.

Rust has the same in two places: `crates/protocol/src/close_code.rs` for those of RFC 6455, and
`crates/server/src/gate/close_code.rs` for our own. `tests/unit/wire/test_close_codes.py` compares
them with these.
"""

from typing import Final

NORMAL: Final = 1000
"""All is done."""
GOING_AWAY: Final = 1001
"""The game ends, or closes its stage."""
PROTOCOL_ERROR: Final = 1002
"""The peer broke the protocol."""
ABNORMAL: Final = 1006
"""Never on the wire: the connection ended without a close frame."""
TRY_AGAIN_LATER: Final = 1013
"""The server has no memory left for an incomplete message, or the client does not read its
answers."""

NOT_AUTHENTICATED: Final = 4401
"""A wrong token, none in time, or one of those that have changed; after HTTP's 401."""
SENT_AWAY: Final = 4403
"""An admin has sent the session away; after HTTP's 403."""
TOO_MANY_FAILURES: Final = 4429
"""Too many wrong tokens from one address; after HTTP's 429."""
