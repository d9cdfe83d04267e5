"""Where a client connects to: `Address`."""


class Address:
    """A URL, the game's name (empty if it is not known), and the token, which `repr` does not show.

    `cafile`: the file of the certificates to trust. `certificate`: the file of the only certificate
    to trust, unless there is a `cafile`. None: those that this system trusts."""

    __slots__ = ("cafile", "certificate", "name", "token", "url")

    def __init__(self, url: str, name: str = "", token: str | None = None) -> None:
        self.url = url
        self.name = name
        self.token = token
        self.cafile: str | None = None
        self.certificate: str | None = None

    def __repr__(self) -> str:
        return f"<Address {self.name!r} {self.url} {'with' if self.token else 'without'} a token>"
