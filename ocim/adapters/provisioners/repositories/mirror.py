"""A bare mirror of one repository: fetched, asked for commits, checked out."""

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
from ocim.adapters.programs import MIB, MOST_OUTPUT, capture
from ocim.adapters.provisioners.messages import condensed
from ocim.adapters.provisioners.repositories.contents import (
    LISTING_BYTES,
    refuse_pointers,
    refuse_unfit,
)
from ocim.adapters.provisioners.repositories.urls import GitUrl
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
"""Seconds for one git command: the first fetch of a large repository takes minutes."""
LARGEST = 2048 * MIB
"""Bytes of one file that git writes: the whole repository is one."""
_TOO_LARGE = f"died of signal {signal.SIGXFSZ:d}"
COMMIT = re.compile(r"[0-9a-f]{40}")
_ABBREVIATED = re.compile(r"[0-9a-f]{7,40}")
_KEPT = re.compile(
    r"(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|GIT_SSL_.*|SSH_AUTH_SOCK", re.IGNORECASE
)
# What stays as it is until somebody changes something; everything else may pass.
_REFUSED = re.compile(
    r"Permission denied|Authentication failed|could not read (Username|Password)|not found"
    r"|does not appear to be a git repository|Host key verification failed|Access denied"
    r"|returned error: 40[0-4]|no such identity|does not exist|dubious ownership|not allowed",
    re.IGNORECASE,
)
# git asks this for credentials, which it finds in the environment, where only its user can look.
_CREDENTIALS = (
    '!f() { printf "username=%s\\npassword=%s\\n" "$OCIM_GIT_USER" "$OCIM_GIT_PASS"; }; f'
)


@dataclass(frozen=True)
class GitAccess:
    """How private repositories are reached by ssh; by default as the manager's user reaches them.

    Host keys are always checked: in `known_hosts` where it is set.
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
        """The commit that a branch, a tag or a commit's name stands for, as of now.

        Where the repository cannot be reached, as of the last time that it could; and where
        `known_will_do`, it is not even asked for what it had at that time.
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
        """Write the files of a commit into `target`, which is made: files only, no repository.

        PermanentError where it holds more than a configuration has, or not all of its files.
        """
        where = f"{self._url} at {commit[:10]}"
        listing = self._git("ls-tree", "-r", "-l", "-z", commit, most=LISTING_BYTES)
        maybe_pointers = refuse_unfit(listing, where)
        target.mkdir()
        tree = {"GIT_WORK_TREE": str(target), "GIT_INDEX_FILE": f"{target}.index"}
        try:
            self._git("read-tree", commit, environment=tree)
            self._git("-C", str(target), "checkout-index", "--all", environment=tree)
        finally:
            Path(f"{target}.index").unlink(missing_ok=True)
        refuse_pointers(Tree(target), maybe_pointers, where)

    def _known(self, version: str) -> str:
        names = [f"refs/tags/{version}", f"refs/heads/{version}"]
        if _ABBREVIATED.fullmatch(version):
            names.append(version)
        for name in names:
            if found := self._git("rev-parse", "--verify", "-q", f"{name}^{{commit}}", check=False):
                return found
        return ""

    def _fetch(self, version: str) -> None:
        mirror = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        fetch = ["fetch", "-q", "--prune", "--no-auto-gc", "--no-write-fetch-head", "origin"]
        self._git(*fetch, *mirror)
        if COMMIT.fullmatch(version) and not self._known(version):
            # One that no branch leads to; many servers give it to those who know its name.
            self._git("fetch", "-q", "--no-auto-gc", "origin", version, check=False)

    def _no_such(self, version: str) -> OcimError:
        pattern = "--format=%(refname:lstrip=2)"
        there = self._git("for-each-ref", pattern, "refs/heads", "refs/tags").split()
        near = difflib.get_close_matches(version, there, n=5) or there[:10]
        offered = f" There are for example {', '.join(near)}." if near else ""
        return PermanentError(
            f"{self._url} has no branch, tag or commit {version!r}.{offered}",
            remedy="Set configuration_version to one that it has.",
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
            done = capture(
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
        if done.status and check:
            raise self._failure(condensed(done.errors))
        return done.output.strip() if done.status == 0 else ""

    def _failure(self, said: str) -> OcimError:
        if _TOO_LARGE in said:
            return PermanentError(
                f"{self._url} is not used: it is larger than {LARGEST // MIB} MiB.",
                remedy="Take a repository that has nothing but a configuration.",
            )
        problem = f"{self._url} cannot be fetched: {said}"
        if _REFUSED.search(said):
            return PermanentError(
                problem,
                remedy="See that the URL is right and may be read with the keys in OCIM_GIT_KEYS, "
                "and that its host's key is in OCIM_GIT_KNOWN_HOSTS.",
            )
        return TransientError(problem, remedy="It is tried again later.")

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
        given = {name: text for name, text in os.environ.items() if _KEPT.fullmatch(name)}
        numbered = enumerate(settings.items())
        return {
            **given,
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": os.environ.get("HOME", "/"),  # its .ssh, .netrc and .gitconfig
            "LC_ALL": "C.UTF-8",
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
