"""`authority()`: a host and a port in one text."""


def authority(host: str, port: int) -> str:
    """The host and port as in a URL, an IPv6 address in brackets: `[::1]:8787` (RFC 3986,
    section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
