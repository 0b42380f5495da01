"""Whose certificates are believed."""

import ssl


def trust(ca_file: str | None) -> ssl.SSLContext:
    """What checks a server's certificate: against a PEM file if one is given, else as the system does.

    Raises:
        ValueError: the file cannot be read, or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise ValueError(f"ca_file: {ca_file} holds no certificates: {error.strerror or error}") from None
