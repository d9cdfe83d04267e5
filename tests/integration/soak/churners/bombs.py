"""Messages that are too large: as they are, in fragments, and once they are inflated."""

import zlib
from random import Random

from server.raw import CONTINUATION, TEXT, frame, header

from ..door import Door

LIMIT = 1 << 20
_deflate = zlib.compressobj(9, wbits=-15)
BOMB = _deflate.compress(bytes(32 << 20)) + _deflate.flush(zlib.Z_SYNC_FLUSH)[:-4]
RSV1 = 4
KINDS = [
    header(TEXT, LIMIT + 1),
    b"".join(frame(opcode, b" " * (LIMIT - 1), fin=False) for opcode in (TEXT, CONTINUATION)),
    frame(TEXT, BOMB, rsv=RSV1),
]


def round(door: Door, random: Random) -> None:
    client = door.raw("Sec-WebSocket-Extensions: permessage-deflate")
    client.send(random.choice(KINDS))
    code, reason = client.read_close()
    assert code in (1009, 4401), (code, reason)
    client.close()
