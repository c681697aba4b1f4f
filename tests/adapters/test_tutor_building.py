"""Tutor's own image of the platform is built by BuildKit, for which a program stands here.

Tutor itself is real: what it renders, and the commands that it gives.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from ocim.adapters.docker_projects import LocalEngine
from ocim.adapters.provisioners.tutor.provisioner import TutorProvisioner
from ocim.adapters.sandbox import Sandbox
from ocim.core.errors import PermanentError, ValidationError
from ocim.core.hosts import Connection, Host
from ocim.core.provisioning import BuiltImage, ConfigurationSource, ProvisionEvent, ProvisionJob
from ocim.core.secrets import Secret
from tests.adapters.ansible_support import never
from tests.catalog.tutor.examples import tutors
from tests.tutor_environments import CACHE, LOCKS

pytestmark = pytest.mark.xdist_group("docker")
REGISTRY = "registry.example.com"
DOCKER = r"""#!/bin/sh
echo "$*" >>"$0.log"
case "$*" in
"buildx version") exit {version};;
"buildx build "*)
  for context; do :; done
  sed -n 's/^ARG EDX_PLATFORM_/has /p' "$context/Dockerfile" >>"$0.log"
  echo {said}
  exit {build};;
*RepoDigests*) echo registry.example.com/openedx@sha256:7;;
*"{{{{.Id}}}}"*) echo sha256:5;;
esac
"""


@pytest.fixture
def provisioner() -> TutorProvisioner:
    engine = LocalEngine("unix:///nobody")
    return TutorProvisioner(locks=LOCKS, cache=CACHE, engine=engine, plugins=(), sandbox=Sandbox())


@pytest.fixture
def job() -> ProvisionJob:
    images = {"TUTOR_DOCKER_IMAGE_OPENEDX": f"{REGISTRY}/openedx:7"}
    return ProvisionJob(
        host=Host("planned", "none", "127.0.0.1", Connection(kind="local"), root="/planned"),
        source=ConfigurationSource("tutor", "21", ""),
        variables=tutors(
            {"TUTOR_PLUGINS": [], "TUTOR_DOCKER_REGISTRY": f"{REGISTRY}/", **images},
            edx_platform_repository_url="https://github.com/campus/platform",
            edx_platform_commit="release/ulmo.9",
        ),
    )


def docker(
    directory: Path, patch: pytest.MonkeyPatch, *, version: int = 0, build: int = 0, said: str = ""
) -> Path:
    """Put a Docker CLI on PATH, whose commands end so; return its log."""
    program = directory / "docker"
    program.write_text(DOCKER.format(version=version, build=build, said=said))
    program.chmod(0o755)
    patch.setenv("PATH", str(directory), prepend=":")
    return directory / "docker.log"


def ignore(event: ProvisionEvent) -> None:
    """Ignore the event."""


def test_tutor_builds_the_instances_platform_and_the_registry_gets_it(
    provisioner: TutorProvisioner,
    job: ProvisionJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = docker(tmp_path, monkeypatch)
    built = provisioner.build_container_image(job, on_event=ignore, is_cancelled=never)
    name = f"{REGISTRY}/openedx:7"
    assert built == BuiltImage(name, "sha256:5", f"{REGISTRY}/openedx@sha256:7")
    said = log.read_text()
    assert f"buildx build --tag={name}" in said
    assert "has REPOSITORY=https://github.com/campus/platform" in said
    assert "has VERSION=release/ulmo.9" in said
    assert f"\npush {name}\n" in said


def test_why_a_build_failed_is_told_and_nothing_is_pushed(
    provisioner: TutorProvisioner,
    job: ProvisionJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "'ERROR: failed to resolve registry.example.com/ubuntu: no such host'"
    log = docker(tmp_path, monkeypatch, build=1, said=said)
    with pytest.raises(PermanentError, match="no such host") as refused:
        provisioner.build_container_image(job, on_event=ignore, is_cancelled=never)
    assert "registries of its base images" in refused.value.remedy
    assert "push" not in log.read_text()


def test_without_buildx_it_is_refused_before_anything_is_rendered(
    provisioner: TutorProvisioner,
    job: ProvisionJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = docker(tmp_path, monkeypatch, version=1)
    with pytest.raises(PermanentError, match="no plugin `buildx`"):
        provisioner.build_container_image(job, on_event=ignore, is_cancelled=never)
    assert log.read_text() == "buildx version\n"


def test_a_password_never_gets_into_an_image(
    provisioner: TutorProvisioner,
    job: ProvisionJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    docker(tmp_path, monkeypatch)
    secret = {"edx_platform_repo": Secret("https://me:secret@example.com/platform")}
    with pytest.raises(ValidationError, match="would stay in the image"):
        provisioner.build_container_image(
            replace(job, variables={**job.variables, **secret}),
            on_event=ignore,
            is_cancelled=never,
        )
