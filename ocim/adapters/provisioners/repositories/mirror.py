"""A bare mirror of a git repository: fetch it, find commits, check them out."""

import difflib
import logging
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ocim.adapters import locks
from ocim.adapters.programs import base_environment, capture
from ocim.adapters.provisioners.messages import condensed
from ocim.adapters.provisioners.repositories.contents import (
    LISTING_BYTES,
    refuse_pointers,
    refuse_unfit,
)
from ocim.adapters.provisioners.repositories.urls import GitUrl
from ocim.adapters.streams import MIB, MOST_OUTPUT
from ocim.core.errors import (
    OcimError,
    PermanentError,
    TransientError,
    ValidationError,
)
from ocim.core.repositories import SCHEMES, fault_of_version
from ocim.parsing.tree import Tree

logger = logging.getLogger(__name__)

TIMEOUT = 900.0
"""Time limit of a git command, in seconds: the first fetch of a large repository takes minutes."""
LARGEST = 2048 * MIB
"""Largest file that git may write, in bytes: a whole repository may be in one file."""
_TOO_LARGE = f"died of signal {signal.SIGXFSZ:d}"
COMMIT = re.compile(r"[0-9a-f]{40}")
_ABBREVIATED = re.compile(r"[0-9a-f]{7,40}")
_KEPT = re.compile(
    r"(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|GIT_SSL_.*|SSH_AUTH_SOCK", re.IGNORECASE
)
# Failures that last until somebody changes something; all others may pass.
_REFUSED = re.compile(
    r"Permission denied|Authentication failed|could not read (Username|Password)|not found"
    r"|does not appear to be a git repository|Host key verification failed|Access denied"
    r"|returned error: 40[0-4]|no such identity|does not exist|dubious ownership|not allowed",
    re.IGNORECASE,
)
# git runs this to get the credentials. They are in its environment, which only its user can read.
_CREDENTIALS = (
    '!f() { printf "username=%s\\npassword=%s\\n" "$OCIM_GIT_USER" "$OCIM_GIT_PASS"; }; f'
)


@dataclass(frozen=True)
class GitAccess:
    """Keys and known hosts for private repositories; by default those of the manager's user.

    Host keys are always checked, against `known_hosts` if it is set.
    """

    keys: tuple[Path, ...] = ()
    known_hosts: Path | None = None


class GitMirror:
    """The mirror in `directory` of the repository at `url`; any number of processes may use it."""

    def __init__(self, url: GitUrl, directory: Path, access: GitAccess) -> None:
        self._url = url
        self._directory = directory
        self._access = access

    def commit(self, version: str, *, known_will_do: bool = False) -> str:
        """Return the commit that a branch, a tag or a commit's name stands for now.

        If the repository does not answer, use its state at the last fetch. With `known_will_do`, do
        not ask it for a version that it had then. Raise ValidationError for an invalid name,
        PermanentError if there is no such version.
        """
        if fault := fault_of_version(version):
            raise ValidationError([f"configuration_version: {fault}"])
        with self._locked():
            stays = known_will_do or COMMIT.fullmatch(version)
            if stays and (known := self._known(version)):
                return known
            try:
                self._fetch(version)
            except TransientError as error:
                if known := self._known(version):
                    logger.warning("%s Going on with %s as of the last fetch.", error, version)
                    return known
                raise
            if known := self._known(version):
                return known
            raise self._no_such(version)

    def check_out(self, commit: str, target: Path) -> None:
        """Write the files of a commit, without a repository, into the new directory `target`.

        Raise PermanentError if the commit contains more than a configuration has, or is incomplete.
        """
        label = f"{self._url} at {commit[:10]}"
        listing = self._git("ls-tree", "-r", "-l", "-z", commit, most=LISTING_BYTES)
        maybe_pointers = refuse_unfit(listing, label)
        target.mkdir()
        tree = {"GIT_WORK_TREE": str(target), "GIT_INDEX_FILE": f"{target}.index"}
        try:
            self._git("read-tree", commit, environment=tree)
            self._git("-C", str(target), "checkout-index", "--all", environment=tree)
        finally:
            Path(f"{target}.index").unlink(missing_ok=True)
        refuse_pointers(Tree(target), maybe_pointers, label)

    def _known(self, version: str) -> str:
        """Return the commit of a branch, else of a tag, as git and Ansible choose, else ""."""
        branch, tag = self._parsed(f"refs/heads/{version}"), self._parsed(f"refs/tags/{version}")
        if branch and tag and branch != tag:
            logger.warning(
                "%s has a branch and a tag %s, of different commits: the branch is used.",
                self._url,
                version,
            )
        if branch or tag or not _ABBREVIATED.fullmatch(version):
            return branch or tag
        return self._parsed(version)

    def _parsed(self, name: str) -> str:
        return self._git("rev-parse", "--verify", "-q", f"{name}^{{commit}}", check=False)

    def _fetch(self, version: str) -> None:
        mirror = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        fetch = ["fetch", "-q", "--prune", "--no-auto-gc", "--no-write-fetch-head", "origin"]
        self._git(*fetch, *mirror)
        if COMMIT.fullmatch(version) and not self._known(version):
            # A commit that is on no branch; many servers send it if asked by its name.
            self._git("fetch", "-q", "--no-auto-gc", "origin", version, check=False)

    def _no_such(self, version: str) -> OcimError:
        pattern = "--format=%(refname:lstrip=2)"
        refs = self._git("for-each-ref", pattern, "refs/heads", "refs/tags").split()
        near = difflib.get_close_matches(version, refs, n=5) or refs[:10]
        examples = f" It has, for example, {', '.join(near)}." if near else ""
        return PermanentError(
            f"{self._url} has no branch, tag or commit {version!r}.{examples}",
            remedy="Set configuration_version to an existing one.",
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._directory.with_suffix(".lock").open("w") as lock:
            locks.acquire(lock.fileno())
            if not (self._directory / "HEAD").exists():
                self._git("init", "-q", "--bare", "--template=", str(self._directory))
            yield

    def _git(
        self,
        *arguments: str,
        check: bool = True,
        environment: Mapping[str, str] | None = None,
        most: int = MOST_OUTPUT,
    ) -> str:
        try:
            result = capture(
                ["git", *arguments],
                cwd=self._directory if self._directory.exists() else None,
                env={**self._environment(), **(environment or {})},
                timeout=TIMEOUT,
                most=most,
                largest_file=LARGEST,
            )
        except FileNotFoundError as error:
            raise PermanentError(
                "git is not installed on the manager.", remedy="Install it: apt-get install git."
            ) from error
        except subprocess.TimeoutExpired as error:
            raise TransientError(f"{self._url} did not answer git within {TIMEOUT:g} s.") from error
        if result.status and check:
            raise self._failure(condensed(result.errors))
        return result.output.strip() if result.status == 0 else ""

    def _failure(self, message: str) -> OcimError:
        if _TOO_LARGE in message:
            return PermanentError(
                f"{self._url} is not used: it is larger than {LARGEST // MIB} MiB.",
                remedy="Use a repository that contains only a configuration.",
            )
        problem = f"{self._url} cannot be fetched: {message}"
        if _REFUSED.search(message):
            return PermanentError(
                problem,
                remedy="Check that the URL is right, that the keys in OCIM_GIT_KEYS may read it, "
                "and that its host's key is in OCIM_GIT_KNOWN_HOSTS.",
            )
        return TransientError(problem, remedy="Ocim will try again later.")

    def _environment(self) -> dict[str, str]:
        settings = {
            "remote.origin.url": self._url.text,
            "core.askPass": "",
            "core.hooksPath": os.devnull,
            "http.lowSpeedLimit": "100",
            "http.lowSpeedTime": "60",
        }
        if self._url.user or self._url.password:
            settings["credential.helper"] = _CREDENTIALS
        kept = {name: text for name, text in os.environ.items() if _KEPT.fullmatch(name)}
        numbered = enumerate(settings.items())
        return {
            **kept,
            **base_environment(),
            "HOME": os.environ.get("HOME", "/"),  # for .ssh, .netrc and .gitconfig
            "GIT_DIR": str(self._directory),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES),
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_SSH_COMMAND": shlex.join(self._ssh()),
            "OCIM_GIT_USER": self._url.user,
            "OCIM_GIT_PASS": self._url.password,
            "GIT_CONFIG_COUNT": str(len(settings)),
            **{
                variable: text
                for number, (name, value) in numbered
                for variable, text in (
                    (f"GIT_CONFIG_KEY_{number}", name),
                    (f"GIT_CONFIG_VALUE_{number}", value),
                )
            },
        }

    def _ssh(self) -> list[str]:
        options = ["BatchMode=yes", "ConnectTimeout=20", "ServerAliveInterval=20"]
        options.append("StrictHostKeyChecking=yes")
        if self._access.known_hosts:
            options.append(f"UserKnownHostsFile={self._access.known_hosts}")
        if self._access.keys:
            options.append("IdentitiesOnly=yes")
            options += [f"IdentityFile={key}" for key in self._access.keys]
        return ["ssh", *(part for option in options for part in ("-o", option))]
