"""Settings of configuration repositories, and of runs of Ansible."""

from dataclasses import dataclass

from ocim.project.options.option import option


@dataclass(frozen=True)
class RunOptions:
    """Settings of configuration repositories, and of runs of Ansible."""

    url_rewrites: tuple[tuple[str, str], ...] = option(
        "OCIM_URL_REWRITES",
        (),
        "Replacements of prefixes of configuration repository URLs: `from=to,from=to`; `builtin` "
        "stands for the built-in playbooks.",
        shown="none",
    )
    git_keys: tuple[str, ...] = option(
        "OCIM_GIT_KEYS",
        (),
        "Files with ssh keys for configuration repositories, separated by commas.",
        shown="those of the manager's user",
    )
    git_known_hosts: str = option(
        "OCIM_GIT_KNOWN_HOSTS",
        "",
        "File with the host keys of the ssh servers of configuration repositories.",
        shown="those of the manager's user",
    )
    require_sandbox: bool = option(
        "OCIM_REQUIRE_SANDBOX",
        False,
        "Refuse to run Ansible, Tutor and `local` hosts without a sandbox around them, and to make"
        " `docker` hosts on an engine that is root. `nspawn` hosts are left out.",
    )
    run_memory: int = option(
        "OCIM_RUN_MEMORY",
        4096,
        "Memory limit, in MiB, of a run of Ansible or a build of its environment. 0: no limit.",
    )
    run_processes: int = option(
        "OCIM_RUN_PROCESSES", 1000, "Maximum number of processes of a run or build. 0: no limit."
    )
    run_file_size: int = option(
        "OCIM_RUN_FILE_SIZE",
        8192,
        "Maximum size, in MiB, of a file of a run or build. 0: no limit.",
    )
    build_timeout: float = option(
        "OCIM_BUILD_TIMEOUT",
        1800.0,
        "Time limit of each step of the build of a configuration repository's environment.",
    )
