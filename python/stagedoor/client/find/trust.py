"""Which certificate to trust: `trust()` makes the TLS context for an address. `reason()` says why a
connection could not be opened.

A game on this machine says in a file that only the user can write which certificate it shows
(`wire.games`). It must show that certificate, whatever name it is for. The certificate of any other
game must be for the host in the URL, and must lead to an authority in the file `cafile`, or,
without that, to one that this system trusts. There is no way to skip that.
"""

import os
import re
import ssl
from typing import Final

from stagedoor.client.core.address import Address
from stagedoor.client.errors import CannotConnectError
from stagedoor.client.find.addresses import CAFILE_VARIABLE

MAX_FILE: Final = 1 << 20
"""How many bytes of a certificate's file are read."""

_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", re.ASCII
)
_NOT_TRUSTED: Final = (18, 19, 20, 21)
"""OpenSSL's X509_V_ERR_... that mean: the certificate leads to no trusted authority."""


def trust(address: Address) -> ssl.SSLContext:
    """The TLS context for a connection to this address.

    Raises: CannotConnectError, for a file that cannot be read or contains no certificate."""
    pinned = address.cafile is None and address.certificate is not None
    file = address.certificate if pinned else address.cafile
    try:
        if file is None:
            return ssl.create_default_context()
        return _exactly(file) if pinned else ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        problem = "expected a certificate in PEM"
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
    what = "its certificate" if pinned else "cafile"
    raise CannotConnectError(address.url, f"{what} {file}: {problem}")


def _exactly(file: str) -> ssl.SSLContext:
    """Trust the first certificate in this file, which is the server's own, and no other."""
    with open(file, "rb", opener=_without_waiting) as opened:
        text = opened.read(MAX_FILE).decode("ascii", "replace")
    certificate = _CERTIFICATE.search(text)
    if certificate is None:
        raise ValueError("expected a certificate in PEM")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # the handshake fails with any other certificate
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate[0])
    return context


def _without_waiting(path: str, flags: int) -> int:
    """Opens a FIFO, too, without waiting for its other end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def reason(error: Exception) -> str:
    """Why a connection could not be opened, as text for an error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = ""
        if error.verify_code in _NOT_TRUSTED:
            hint = (
                "; to trust it, name its file, or its issuer's, with"
                f" cafile=..., --cafile or {CAFILE_VARIABLE}"
            )
        return f"its certificate is not trusted: {error.verify_message}{hint}"
    if isinstance(error, ssl.SSLEOFError):
        return "it hung up during the TLS handshake"
    if isinstance(error, ssl.SSLError):
        what = (error.reason or str(error)).replace("_", " ").lower()
        return f"the TLS handshake failed: {what}"
    return getattr(error, "strerror", None) or str(error) or "it hung up during the handshake"
