"""Checks of the settings that name external systems and their files."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from ocim.core.errors import ValidationError
from ocim.core.texts import listed
from ocim.project.checks.faults import Faults
from ocim.project.databases import database_fault
from ocim.project.options import Options
from ocim.tasks import PERIODIC

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://.", re.IGNORECASE)


def git_files(options: Options) -> Faults:
    named = [("OCIM_GIT_KEYS", name) for name in options.git_keys]
    named += [("OCIM_GIT_KNOWN_HOSTS", options.git_known_hosts)] if options.git_known_hosts else []
    for name, path in named:
        if not Path(path).is_file():
            yield f"{name}: there is no file {path}.", "Set it to the absolute path of a file."
        elif not os.access(path, os.R_OK):
            yield (
                f"{name}: Ocim may not read {path}.",
                "Allow the user that Ocim runs as to read it.",
            )


def balancer(options: Options) -> Faults:
    address = urlsplit(options.balancer_url)
    if options.balancer_url and (address.scheme != "https" or not address.hostname):
        yield (
            f"OCIM_BALANCER_URL: {options.balancer_url!r} is not a URL with https.",
            "Write https://HOST:PORT, or remove it if the balancer is on this machine.",
        )
    files = {
        "OCIM_BALANCER_AUTHORITY": options.balancer_authority,
        "OCIM_BALANCER_CERTIFICATE": options.balancer_certificate,
        "OCIM_BALANCER_KEY": options.balancer_key,
    }
    for name, path in files.items():
        if path and not os.access(path, os.R_OK):
            yield (
                f"{name}: there is no file {path} that Ocim may read.",
                "Set it to a PEM file that the user that Ocim runs as may read.",
            )
        elif not path and (options.balancer_url or any(files.values())):
            yield (
                f"{name} is not set.",
                "OCIM_BALANCER_URL needs OCIM_BALANCER_AUTHORITY, OCIM_BALANCER_CERTIFICATE and"
                " OCIM_BALANCER_KEY.",
            )


def identity_provider(options: Options) -> Faults:
    needed = {
        "OCIM_OIDC_ISSUER": options.oidc_issuer,
        "OCIM_OIDC_CLIENT": options.oidc_client,
        "OCIM_OIDC_SECRET": options.oidc_secret.reveal(),
        "OCIM_OIDC_ROLES": options.oidc_roles,
    }
    unread = {fault.partition(":")[0] for fault in options.faults}
    if any(needed.values()):
        for name, value in needed.items():
            if not value and name not in unread:
                yield (
                    f"{name} is not set.",
                    f"Single sign-on needs {listed(needed)}: set all of them, or none.",
                )
    address = urlsplit(options.oidc_issuer)
    is_safe = address.scheme == "https" or address.hostname in ("127.0.0.1", "localhost")
    if options.oidc_issuer and not (is_safe and address.hostname):
        yield (
            f"OCIM_OIDC_ISSUER: {options.oidc_issuer!r} is not a URL with https.",
            "Write the URL by which the provider names itself, such as https://id.example.com.",
        )
    if "openid" not in options.oidc_scopes:
        yield "OCIM_OIDC_SCOPES: 'openid' is missing.", "Add it: without it nobody is named."


def ssh_pool(options: Options) -> Faults:
    if options.ssh_pool:
        from ocim.adapters.providers.ssh.pool import read_pool

        try:
            read_pool(Path(options.ssh_pool), engine=options.engine_machine)
        except ValidationError as error:
            for fault in error.faults:
                yield fault, error.remedy or "docs/how-to/hosts.md describes the file."


def database(options: Options) -> Faults:
    if fault := database_fault(options):
        yield f"DATABASE_URL: {fault}", "Or remove it to use a SQLite file in OCIM_VAR."


def queues(options: Options) -> Faults:
    scheme = urlsplit(options.queue_url).scheme
    if options.queue_url and scheme not in ("redis", "rediss", "unix"):
        yield (
            f"OCIM_QUEUE_URL: {scheme!r} is not a scheme of Redis.",
            "Write a URL such as redis://127.0.0.1:6379/0, or remove it to use a file in OCIM_VAR.",
        )
    elif options.queue_url and (fault := _queue_fault(options.queue_url)):
        yield f"OCIM_QUEUE_URL: {fault}", "Write a URL such as redis://127.0.0.1:6379/0."
    if options.low_priority_queue == PERIODIC:
        yield (
            f"OCIM_LOW_PRIORITY_QUEUE: {PERIODIC} is the queue of periodic tasks.",
            "Choose another name.",
        )


def acme(options: Options) -> Faults:
    if options.acme_directory and urlsplit(options.acme_directory).scheme not in ("https", "http"):
        yield (
            f"OCIM_ACME_DIRECTORY: {options.acme_directory!r} is not a URL.",
            "Write a URL such as https://acme-v02.api.letsencrypt.org/directory.",
        )
    if options.acme_email and "@" not in options.acme_email:
        yield (
            f"OCIM_ACME_EMAIL: {options.acme_email!r} is not an e-mail address.",
            "Write an address such as it@example.com.",
        )
    if options.acme_roots and not Path(options.acme_roots).is_file():
        yield (
            f"OCIM_ACME_ROOTS: there is no file {options.acme_roots}.",
            "Set it to a PEM file, or remove it, to trust the system's authorities.",
        )


def url_rewrites(options: Options) -> Faults:
    prefixes = [old for old, _ in options.url_rewrites]
    for prefix in sorted({prefix for prefix in prefixes if prefixes.count(prefix) > 1}):
        yield f"OCIM_URL_REWRITES: there are several rules for {prefix}.", "Keep one of them."


def notice_addresses(options: Options) -> Faults:
    for number, address in enumerate(options.notices, start=1):
        if not _SCHEME.match(address.reveal()):
            yield (
                f"OCIM_NOTICES: address {number} has no scheme.",
                "Write URLs such as mailto://… or json://…, with spaces between.",
            )


def acme_email(options: Options) -> Faults:
    if options.acme_directory and not options.acme_email:
        yield (
            "OCIM_ACME_EMAIL is not set, although OCIM_ACME_DIRECTORY is.",
            "Set it to an address for warnings about certificates.",
        )
    if options.acme_email and not options.acme_directory:
        yield (
            "OCIM_ACME_EMAIL is set, although OCIM_ACME_DIRECTORY is not.",
            "Set both, or neither: without them, the balancer signs certificates itself.",
        )


def _queue_fault(url: str) -> str:
    """Return a fault of a Redis URL, without quoting it, since it may contain a password."""
    from redis.connection import parse_url

    try:
        parts = parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError as error:
        return "its port is not a number." if "ort" in str(error) else "it is not a URL of Redis."
    database = urlsplit(url).path.strip("/")
    if "path" not in parts and database and not database.isdecimal():
        return f"the database {database!r} is not a number."
    return ""
