"""The file of trusted certificate authorities, and the variables that lead programs to it."""

from pathlib import Path

import certifi

TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
ENVIRONMENT = {"SSL_CERT_FILE": TRUSTED, "REQUESTS_CA_BUNDLE": TRUSTED}
"""Variables that make programs with certificates of their own, as Python's, trust the machine's."""


def trusted_here() -> str:
    """Return the PEM certificates that this machine trusts."""
    machine = Path(TRUSTED)
    return (machine if machine.exists() else Path(certifi.where())).read_text()
