"""`Authority`: certificates for tests, made for each run."""

import ssl
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

Pair = tuple[Path, Path]
PASSPHRASE = b"open sesame"


class Authority:
    """Signs certificates; `cafile` is its own, for clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ca = trustme.CA()
        self.cafile = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(self.cafile)

    def issue(self, *names: str, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> Pair:
        """The files of a new certificate for these names, or for this machine, and of its key."""
        leaf = self._ca.issue_cert(*(names or ("localhost", "127.0.0.1")), key_type=key_type)
        number = len(list(self.folder.iterdir()))
        certificate, key = self.folder / f"certificate-{number}", self.folder / f"key-{number}"
        certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(key)
        return certificate, key

    @cached_property
    def pair(self) -> Pair:
        """A certificate for this machine, and its key."""
        return self.issue()

    def context(self, change: Callable[[ssl.SSLContext], object] = id) -> ssl.SSLContext:
        """Trusts this authority, and nobody else."""
        context = ssl.create_default_context(cafile=self.cafile)
        change(context)
        return context


def rewrite(key: Path, form: PrivateFormat, *, encrypted: bool = False) -> Path:
    """The same key in another form."""
    encryption: KeySerializationEncryption = NoEncryption()
    if encrypted:
        encryption = BestAvailableEncryption(PASSPHRASE)
    private = load_pem_private_key(key.read_bytes(), None)
    written = key.with_name(f"{key.name}-rewritten")
    written.write_bytes(private.private_bytes(Encoding.PEM, form, encryption))
    return written
