from dataclasses import fields
from typing import Any

import pytest

from ocim.core.job_kinds import WORDS, JobKind, in_words
from ocim.core.job_storage import payload_from_json, progress_from_json, to_json
from ocim.core.jobs import (
    PAYLOADS,
    PROGRESS,
    ActivationProgress,
    Progress,
    RecoveryProgress,
    SetUpJob,
    SpawnJob,
    UpgradeProgress,
    VerificationProgress,
)

EXAMPLES: dict[str, Any] = {
    "appservers": (3, 4),
    "appserver": 3,
    "upgrade": 5,
    "backups": (6,),
    "source": 7,
    "steps": ("a step",),
    "activate": True,
    "keep": True,
    "force": True,
    "purchase": True,
    "role": "search",
    "server": 7,
    "chore": 7,
    "repair": ("hosts: appserver-3",),
    "repair_all": True,
    "provider": "local",
    "hosts": ("appserver-3",),
    "name": "mira",
    "email": "mira@example.com",
    "make": True,
}


@pytest.mark.parametrize("kind", JobKind)
def test_every_kind_has_a_payload_that_is_read_as_it_was_written(kind: JobKind) -> None:
    cls: Any = PAYLOADS[kind]
    payload = cls(**{field.name: EXAMPLES[field.name] for field in fields(cls)})
    assert cls.kind is kind
    assert payload_from_json(kind.value, to_json(payload)) == payload


def test_every_kind_has_words() -> None:
    assert WORDS.keys() == set(JobKind)


@pytest.mark.parametrize(
    "kind, stored",
    [
        ("spawn", {"appservers": [1]}),
        ("spawn", {"appservers": [1], "activate": False, "keep": True}),
        ("archive", {"appservers": [1]}),
        ("dance", {}),
    ],
)
def test_a_payload_with_other_keys_or_of_no_kind_is_not_read(
    kind: str, stored: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"SpawnJob|ArchiveJob|dance"):
        payload_from_json(kind, stored)


def test_tuples_are_stored_as_lists() -> None:
    assert to_json(SetUpJob(1, ("a",))) == {"appserver": 1, "steps": ["a"], "force": False}


@pytest.mark.parametrize(
    "kind, progress",
    [
        (JobKind.SPAWN, ActivationProgress(previous=(1, 2))),
        (JobKind.ACTIVATE, ActivationProgress(previous=())),
        (JobKind.UNDO, ActivationProgress(previous=(1,))),
        (JobKind.RECOVER, RecoveryProgress((1, 2), True, 3, "It is dead.")),
        (JobKind.UPGRADE, UpgradeProgress((1,), started=True, settings_changed=True)),
        (JobKind.VERIFY, VerificationProgress(7)),
    ],
)
def test_progress_is_read_as_it_was_written(kind: JobKind, progress: Progress) -> None:
    assert PROGRESS[kind] is type(progress)
    assert progress_from_json(kind, to_json(progress)) == progress
    assert progress_from_json(kind, {}) == type(progress)()


def test_progress_of_another_kind_is_not_read() -> None:
    assert progress_from_json(JobKind.RETAIN, {}) == Progress()
    with pytest.raises(ValueError, match="ActivationProgress has the keys"):
        progress_from_json(JobKind.SPAWN, to_json(UpgradeProgress()))
    with pytest.raises(ValueError, match="Progress has the keys"):
        progress_from_json(JobKind.RETAIN, {"begun": True})


def test_a_job_is_described_in_words() -> None:
    assert in_words(SpawnJob.kind, (3, 4), activate=True) == (
        "Spawning app servers 3, 4, to be activated"
    )
    assert in_words(JobKind.TERMINATE, (3,)) == "Terminating app server 3"
    assert in_words(JobKind.RETAIN) == "Removing expired app servers"
