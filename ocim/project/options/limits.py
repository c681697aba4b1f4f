"""Time limits, and days for which things are kept."""

from dataclasses import dataclass

from ocim.project.options.option import option


@dataclass(frozen=True)
class LimitOptions:
    """Time limits, and days for which things are kept."""

    lease: float = option(
        "OCIM_LEASE", 15.0, "Time without a sign of life after which a worker counts as dead."
    )
    drain: float = option(
        "OCIM_DRAIN", 10.0, "Grace period of an app server between deactivation and termination."
    )
    host_timeout: float = option(
        "OCIM_HOST_TIMEOUT", 300.0, "Time limit of the start of a new host."
    )
    task_timeout: float = option(
        "OCIM_TASK_TIMEOUT",
        1800.0,
        "Time limit of one Ansible task, which prints nothing meanwhile.",
    )
    provision_timeout: float = option(
        "OCIM_PROVISION_TIMEOUT", 10800.0, "Time limit of a whole provisioning run."
    )
    sql_timeout: float = option(
        "OCIM_SQL_TIMEOUT", 600.0, "Time limit of one SQL statement before an upgrade."
    )
    copy_timeout: float = option(
        "OCIM_COPY_TIMEOUT", 3600.0, "Time limit of one dump or restore of an instance's database."
    )
    job_timeout: float = option(
        "OCIM_JOB_TIMEOUT",
        43200.0,
        "Time limit of a whole job: a spawn, or the upgrade of an instance.",
    )
    fallback_days: float = option(
        "OCIM_FALLBACK_DAYS",
        7.0,
        "Days after which Ocim terminates the previously active app server.",
    )
    failed_days: float = option(
        "OCIM_FAILED_DAYS", 3.0, "Days after which Ocim terminates a failed app server."
    )
    sign_in_days: float = option(
        "OCIM_SIGN_IN_DAYS", 90.0, "Days after which Ocim forgets attempts to sign in."
    )
