"""The parts of a job: playbook, variables and directories of the part that is to run."""

from collections.abc import Mapping
from pathlib import Path

import uv

from ocim.adapters.provisioners.ansible.files import index_environment
from ocim.adapters.provisioners.ansible.image_part import image_part
from ocim.adapters.provisioners.ansible.migrations_part import migrations_part
from ocim.adapters.provisioners.ansible.packages import DATE, PRIVATE, PYTHON, Packages
from ocim.core.provisioning import Part, ProvisionJob
from ocim.parsing.tree import Tree


def part_of(job: ProvisionJob, whole: Path, tree: Tree) -> tuple[Path, Mapping[str, object]]:
    """Return the playbook of the job's part, and its variables."""
    if job.part is Part.IMAGE:
        return image_part(job, whole, tree)
    if job.part is Part.MIGRATIONS:
        return migrations_part(job.source, whole, tree), job.variables
    return whole, job.variables


def installed_part(job: ProvisionJob) -> Part:
    """Return how much the roles are to install: migrations need everything that a service needs."""
    if job.part is Part.MIGRATIONS:
        return Part.INSTANCE if job.image_inputs else Part.WHOLE
    return job.part


def own_variables(
    job: ProvisionJob, directory: Path, *, archive: Path | None, packages: Packages | None
) -> dict[str, object]:
    """Return the variables of Ocim's own playbooks, which override all others."""
    host = job.host
    is_local = host.connection.kind == "local"
    cache = directory / PRIVATE if packages else Path(host.root, ".cache", "uv")
    return {
        "ocim_host_root": host.root,
        "ocim_host_address": host.address,
        "ocim_host_kind": host.connection.kind,
        "ocim_part": installed_part(job).value,
        "ocim_index_environment": index_environment(host, cache=cache),
        "ocim_uv": uv.find_uv_bin(),
        "ocim_packages_date": DATE,
        "ocim_python": PYTHON if is_local else "/usr/bin/python3",
        **({"ocim_platform_archive": str(archive)} if archive else {}),
    }


def make_directories(job: ProvisionJob) -> None:
    """Create the directories that a run on this machine writes to, since a sandbox needs them."""
    if job.host.connection.kind == "local":
        for name in (*job.directories, job.host.root):
            Path(name).mkdir(parents=True, exist_ok=True)
