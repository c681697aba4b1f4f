"""Settings of instances and their hosts."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from ocim.catalog.tutor.known import MAJORS, PLUGINS
from ocim.core.provisioning import Transport
from ocim.project.options.option import option


@dataclass(frozen=True)
class InstanceOptions:
    """Settings of instances and their hosts."""

    platform: str = option(
        "OCIM_PLATFORM",
        "rehearsal",
        "Directory that the built-in playbooks install as edx-platform; `rehearsal` is Ocim's own.",
    )
    default_release: str = option(
        "OCIM_DEFAULT_RELEASE",
        "open-release/juniper.2",
        "Default of `openedx_release` of instances.",
    )
    default_platform_url: str = option(
        "OCIM_DEFAULT_PLATFORM_URL",
        "https://github.com/open-craft/edx-platform",
        "Default of `edx_platform_repository_url` of instances.",
    )
    default_configuration_url: str = option(
        "OCIM_DEFAULT_CONFIGURATION_URL",
        "builtin",
        "Default of `configuration_source_repo_url` of instances.",
    )
    default_configuration_version: str = option(
        "OCIM_DEFAULT_CONFIGURATION_VERSION",
        "",
        "Default of `configuration_version` of instances.",
        shown="the release",
    )
    default_provider: str = option(
        "OCIM_DEFAULT_PROVIDER",
        "local",
        "Default of `provider` of instances that Ansible provisions.",
    )
    nspawn_network: IPv4Network = option(
        "OCIM_NSPAWN_NETWORK",
        IPv4Network("10.213.0.0/22"),
        "Network of `nspawn` hosts; this machine itself has its first address.",
    )
    docker_engine: str = option(
        "OCIM_DOCKER_ENGINE",
        "",
        "Docker engine for `docker` hosts: a socket of this machine, such as"
        " `unix:///var/run/docker.sock`, or `ssh://NAME` for a machine of OCIM_SSH_POOL.",
        shown="none: no `docker` hosts",
    )
    docker_network: IPv4Network = option(
        "OCIM_DOCKER_NETWORK",
        IPv4Network("10.231.0.0/16"),
        "Network of `docker` hosts, of which each has a part of 32 addresses.",
    )
    tutor_plugins: tuple[str, ...] = option(
        "OCIM_TUTOR_PLUGINS",
        PLUGINS[MAJORS[0]],
        "Plugins of Tutor that instances may have; `ecommerce` is there up to sumac.",
    )
    ssh_pool: str = option(
        "OCIM_SSH_POOL",
        "",
        "YAML file with the pool of machines for `ssh` hosts.",
        shown="none: no `ssh` hosts",
    )
    transport: Transport = option(
        "OCIM_TRANSPORT",
        Transport.PIPELINING,
        "Transfer of Ansible's tasks to hosts: `pipelining`, `plain` (for a sudo that requires a"
        " terminal), or `mitogen` (for supported versions of Ansible; `pipelining` for others).",
    )
    build_images: bool = option(
        "OCIM_BUILD_IMAGES",
        True,
        "Let a spawn build the image that it could use, if that does not exist yet.",
    )
    verify_services: bool = option(
        "OCIM_VERIFY_SERVICES",
        True,
        "Let an activation test ecommerce and discovery as their users would, and fail if they do"
        " not work.",
    )
    look_seconds: float = option(
        "OCIM_LOOK_SECONDS",
        30.0,
        "Interval between checks of active app servers, from 1 to 60; Ocim restarts dead ones.",
    )
    fallback_serves: bool = option(
        "OCIM_FALLBACK_SERVES",
        True,
        "Let the previously active app server, if of the same release, take over from a dead one"
        " that a restart did not repair.",
    )

    @property
    def engine_machine(self) -> str:
        """Name of the engine's machine in the pool; empty if it is this machine, or none."""
        machine = self.docker_engine.removeprefix("ssh://")
        return "" if machine == self.docker_engine else machine
