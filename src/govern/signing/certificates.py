"""Certificates of authorities that sign time stamps, read from PEM files. Leaves out what is checked with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from govern.errors import EnvironmentFailed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def read_pem(path: str) -> list[Certificate]:
    """All certificates of a file.

    Raises:
        EnvironmentFailed: it cannot be read, or holds none.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(Path(path).read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EnvironmentFailed(f"the certificates cannot be read: {reason}", where=path) from None
    except ValueError:
        raise EnvironmentFailed("holds no certificates in PEM", where=path) from None
