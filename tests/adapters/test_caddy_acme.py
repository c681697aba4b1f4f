"""Certificates from an ACME server: Pebble, Let's Encrypt's own for tests."""

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ocim.adapters.balancers.caddy import CaddyBalancer, Tls
from ocim.core.routing import Routing, Site
from tests.adapters.caddy_support import Browser, own_address, processes, settings_for, until

pytestmark = pytest.mark.skipif(not shutil.which("pebble"), reason="pebble is not installed")

NAME = "demo.example"


def own_certificate(directory: Path, address: str) -> Path:
    """Return the file with the key and the certificate of the ACME server itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pebble")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, SHA256())
    )
    path = directory / "pebble.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.with_suffix(".key").write_bytes(private)
    return path


@contextmanager
def process(*command: str, log: Path) -> Iterator[None]:
    environment = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    with log.open("ab") as output:
        running = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        yield
    finally:
        running.kill()
        running.wait()


@contextmanager
def pebble(directory: Path, balancer: str, http_port: int) -> Iterator[tuple[str, Path]]:
    """Yield the server's address and certificate; every name in the world leads to the balancer."""
    address = own_address()
    certificate = own_certificate(directory, address)
    config = {
        "listenAddress": f"{address}:14000",
        "managementListenAddress": f"{address}:15000",
        "certificate": str(certificate),
        "privateKey": str(certificate.with_suffix(".key")),
        "httpPort": http_port,
        "tlsPort": 1,
    }
    (directory / "pebble.json").write_text(json.dumps({"pebble": config}))
    programs = [str(shutil.which(name)) for name in ("pebble", "pebble-challtestsrv")]
    pebble_command = [programs[0], "-config", str(directory / "pebble.json")]
    names_command = [programs[1], "-defaultIPv4", balancer, "-defaultIPv6", ""]
    off = [part for kind in ("http01", "https01", "tlsalpn01") for part in (f"-{kind}", "")]
    names_command += [*off, "-dns01", f"{address}:8053", "-management", f"{address}:8055"]
    with ExitStack() as stack:
        log = directory / "pebble.log"
        stack.enter_context(process(*names_command, log=log))
        stack.enter_context(process(*pebble_command, "-dnsserver", f"{address}:8053", log=log))
        context = ssl.create_default_context(cafile=certificate)

        def answers() -> bool:
            try:
                httpx.get(f"https://{address}:14000/dir", verify=context, trust_env=False)
            except httpx.ConnectError:
                return False
            return True

        until(answers, "pebble does not answer")
        yield address, certificate


def test_a_site_gets_its_certificate_from_the_acme_server(tmp_path: Path) -> None:
    address = own_address()
    with pebble(tmp_path, address, http_port=8080) as (acme, certificate):
        tls = Tls("acme", f"https://{acme}:14000/dir", "ops@example.com", certificate)
        settings = settings_for(tmp_path, bind=(address,), tls=tls)
        with processes(settings) as running:
            CaddyBalancer(settings).apply(Routing((Site((NAME,), ()),)))
            trust = ssl.create_default_context(cafile=certificate)
            root = httpx.get(f"https://{acme}:15000/roots/0", verify=trust, trust_env=False).text
            context = ssl.create_default_context(cadata=root)
            with httpx.Client(verify=context, timeout=60, trust_env=False) as client:
                answer = Browser(settings).ask(client, NAME)
            assert answer.status_code == 503, running.router_log()
