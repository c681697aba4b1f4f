"""The certificates by which managers and balancer know each other."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from ocim.core.errors import ValidationError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files of one side, in PEM. Managers read them for each connection, so they can be renewed."""

    authority: str
    """Certificate of the authority that signs managers and balancer, and nobody else."""
    certificate: str
    """Certificate of this side."""
    key: str
    """Private key of this side, not encrypted."""

    def for_client(self, *, with_certificate: bool = True) -> ssl.SSLContext:
        """Return the context of a manager. Raise ValidationError if a file is unusable."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._load(context, with_certificate=with_certificate)
        return context

    def for_server(self) -> ssl.SSLContext:
        """Return the context of the balancer's machine, which refuses clients of others.

        Raise ValidationError if a file is unusable.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        self._load(context)
        return context

    def expires(self) -> datetime:
        """Return the time at which this side's certificate expires."""
        return _usable(
            "OCIM_BALANCER_CERTIFICATE",
            self.certificate,
            lambda: (
                x509.load_pem_x509_certificate(
                    Path(self.certificate).read_bytes()
                ).not_valid_after_utc
            ),
        )

    def _load(self, context: ssl.SSLContext, *, with_certificate: bool = True) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        _usable(
            "OCIM_BALANCER_AUTHORITY",
            self.authority,
            lambda: context.load_verify_locations(self.authority),
        )
        if with_certificate:
            _usable(
                "OCIM_BALANCER_CERTIFICATE and OCIM_BALANCER_KEY",
                self.certificate,
                # Without a password, OpenSSL would ask for one at the terminal.
                lambda: context.load_cert_chain(self.certificate, self.key, password=""),
            )


def _usable(names: str, path: str, load: Callable[[], T]) -> T:
    try:
        return load()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise ValidationError(
            [f"{names}: cannot use {path!r}: {reason}."],
            remedy="Set it to PEM files that belong together; the key must not be encrypted.",
        ) from error
