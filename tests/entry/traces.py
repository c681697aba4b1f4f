"""The traces of an installation, so that a test can say that nothing was changed."""

import hashlib
from pathlib import Path

from django.apps import apps

from tests.console.conftest import Installation, Ran

Traces = dict[str, object]
SECRET = "s3cr3t-Tr0ub4dor"
"""Put where no message may repeat it."""
LONGEST = 4000
"""Characters that somebody may have to read."""


def files(directory: Path) -> Traces:
    """Return every name below the directory, with its content."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(directory.rglob("*"))
    }


def rows() -> Traces:
    """Return the number of rows by table."""
    return {
        model._meta.db_table: model._default_manager.count()
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
    }


def traces(ocim: Installation) -> Traces:
    """Return rows, files and hosts."""
    hosts = {"hosts": sorted(ocim.provider.cloud.addresses_given)}
    return {**rows(), **files(ocim.var), **hosts}


def refused(ocim: Installation, words: tuple[object, ...], *says: str, status: int = 1) -> Ran:
    """Run the command; it must print all of that in a few lines, and leave nothing."""
    before = traces(ocim)

    ran = ocim(*words)

    assert ran.status == status, ran
    assert ran.out == ""
    for output in says:
        assert output in ran.err
    assert "Traceback" not in ran.err
    assert SECRET not in ran.err
    assert len(ran.err) < LONGEST
    assert traces(ocim) == before
    return ran
