"""A server with S3's interface, for tests of uploads."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RCLONE = Path(sys.executable).with_name("rclone")
KEY, SECRET = "the-campus", "the-campus-and-its-50%-secret"


@dataclass(frozen=True)
class Bucket:
    """A bucket on a server, and a front from which everybody reads it."""

    path: Path
    """Directory of the objects."""
    server: str
    """Address of the server, which checks keys by signatures of version 4."""
    front: str
    """Host and port of the front, as a distribution network is one."""

    @property
    def settings(self) -> str:
        """Extra settings for an instance, which may add lines to the last mapping."""
        return (
            "EDXAPP_DEFAULT_FILE_STORAGE: storages.backends.s3boto3.S3Boto3Storage\n"
            f"EDXAPP_AWS_STORAGE_BUCKET_NAME: {self.path.name}\n"
            f"EDXAPP_AWS_ACCESS_KEY_ID: {KEY}\n"
            f"EDXAPP_AWS_SECRET_ACCESS_KEY: {SECRET}\n"
            f"EDXAPP_AWS_S3_CUSTOM_DOMAIN: {self.front}\n"
            "EDXAPP_LMS_ENV_EXTRA:\n"
            f"  AWS_S3_ENDPOINT_URL: {self.server}\n"
            "  AWS_S3_URL_PROTOCOL: 'http:'\n"
        )

    def contents(self) -> set[bytes]:
        """Return the contents of all objects."""
        return {path.read_bytes() for path in self.path.rglob("*") if path.is_file()}


@contextmanager
def s3_bucket(directory: Path) -> Iterator[Bucket]:
    """Serve an empty bucket in `directory` until the block ends.

    The server has no rights: its one key may do everything.
    """
    bucket = directory / "campus-uploads"
    bucket.mkdir()
    with _serve("s3", directory) as server, _serve("http", bucket) as front:
        yield Bucket(bucket, server, front.removeprefix("http://"))


@contextmanager
def _serve(protocol: str, directory: Path) -> Iterator[str]:
    # By a setting, so that the list of processes does not show the key.
    key = {"RCLONE_AUTH_KEY": f'"{KEY},{SECRET}"'} if protocol == "s3" else {}
    process = subprocess.Popen(
        [RCLONE, "serve", protocol, "--addr=127.0.0.1:0", "--config=/dev/null", directory],
        env={"HOME": str(directory), **key},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        line = process.stderr.readline()
        address = re.search(r"http://[\d.:]+", line)
        assert address, line
        yield address[0]
    finally:
        process.terminate()
        process.stderr.close()
        process.wait()
