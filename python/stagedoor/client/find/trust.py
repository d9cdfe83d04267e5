"""Whose certificate is good: `trust()` makes the TLS context for an address, `reason()` says what
went wrong with a socket.

A game that was found here says which certificate it shows (`wire.games`), in a file that only the
user can write: it must show that one, whatever name it is for. Anywhere else the certificate must
be for the URL's host, and lead to an authority in the file `cafile`, or, without one, to one
that this system trusts. There is no way to trust anybody at all.
"""

import re
import ssl
from typing import Final

from stagedoor.client.core.address import Address
from stagedoor.client.errors import CannotConnectError
from stagedoor.client.find.addresses import CAFILE_VARIABLE

MAX_FILE: Final = 1 << 20
"""Bytes of a certificate's file; a longer one is none."""

_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", re.ASCII
)
_NOT_TRUSTED: Final = (18, 19, 20, 21)
"""OpenSSL's X509_V_ERR_...: the certificate leads to nobody who is trusted."""


def trust(address: Address) -> ssl.SSLContext:
    """Raises: CannotConnectError, for a file that holds no certificate."""
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
    """Trusts the first certificate of this file, which is the server's own, and no other."""
    with open(file, "rb") as opened:
        text = opened.read(MAX_FILE).decode("ascii", "replace")
    certificate = _CERTIFICATE.search(text)
    if certificate is None:
        raise ValueError("expected a certificate in PEM")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # it is this certificate, or the handshake fails
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate[0])
    return context


def reason(error: Exception) -> str:
    """Why a connection could not be opened, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = ""
        if error.verify_code in _NOT_TRUSTED:
            hint = (
                "; if it should be, name the file of it, or of who signed it:"
                f" cafile=..., --cafile or {CAFILE_VARIABLE}"
            )
        return f"its certificate is not trusted: {error.verify_message}{hint}"
    if isinstance(error, ssl.SSLEOFError):
        return "it hung up during the TLS handshake"
    if isinstance(error, ssl.SSLError):
        what = (error.reason or str(error)).replace("_", " ").lower()
        return f"no TLS with it: {what}"
    return getattr(error, "strerror", None) or str(error) or "it hung up during the handshake"
