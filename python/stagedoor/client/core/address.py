"""Where a client connects to: `Address`."""


class Address:
    """A URL, the game's name where it is known, and the token, which nothing shows.

    `cafile`: with which certificates to verify TLS. `certificate`: the file of the only one that is
    good, unless there is a `cafile`."""

    __slots__ = ("cafile", "certificate", "name", "token", "url")

    def __init__(self, url: str, name: str = "", token: str | None = None) -> None:
        self.url = url
        self.name = name
        self.token = token
        self.cafile: str | None = None
        self.certificate: str | None = None

    def __repr__(self) -> str:
        return f"<Address {self.name!r} {self.url} {'with' if self.token else 'without'} a token>"
