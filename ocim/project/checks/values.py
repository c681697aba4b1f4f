"""Checks of single values: settings that are unreadable, unknown or out of range."""

import re
from difflib import get_close_matches

from ocim.catalog.releases import Release
from ocim.catalog.tutor.known import MAJORS, PLUGINS
from ocim.core.hosts import DOCKER
from ocim.core.places import bundled
from ocim.core.texts import listed
from ocim.project.checks.faults import Faults
from ocim.project.options import Options, option_fields
from ocim.store.fields import check_master_key
from ocim.wiring import PROVIDERS

_SHORTEST_LEASE = 1.0
"""Minimum duration of a lease, in seconds."""
_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def unreadable(options: Options) -> Faults:
    for fault in options.faults:
        yield fault, _meaning(fault.partition(":")[0])


def master_key(options: Options) -> Faults:
    unread = any(fault.startswith("OCIM_MASTER_KEY:") for fault in options.faults)
    if not unread and (fault := check_master_key(options.master_key)):
        yield (
            f"OCIM_MASTER_KEY: {fault}",
            "Set it to the key of this installation; `ocim up` creates one for a new"
            f" installation, in {options.var / 'master.key'}.",
        )


def machine(options: Options) -> Faults:
    if not _MACHINE.fullmatch(options.machine):
        yield (
            f"OCIM_MACHINE: {options.machine!r} cannot be a machine's name.",
            "Use up to 64 letters, digits, dots, dashes and underscores.",
        )


def numbers(options: Options) -> Faults:
    if options.workers < 1:
        yield f"OCIM_WORKERS: {options.workers} threads cannot run any job.", "Set it to 1 or more."
    if options.lease < _SHORTEST_LEASE:
        yield (
            f"OCIM_LEASE: {options.lease:g} s is too short for workers to renew a lease.",
            f"Set it to {_SHORTEST_LEASE:g} or more.",
        )


def default_provider(options: Options) -> Faults:
    # Instances that Tutor provisions have hosts of kind docker in any case.
    choices = [kind for kind in PROVIDERS if kind != DOCKER]
    if options.default_provider not in choices:
        yield (
            f"OCIM_DEFAULT_PROVIDER: {options.default_provider!r} is no provider for Ansible.",
            f"Choose {listed(choices, 'or')}.",
        )


def tutor_plugins(options: Options) -> Faults:
    known = PLUGINS[MAJORS[0]]
    if wrong := [name for name in options.tutor_plugins if name not in known]:
        yield (
            f"OCIM_TUTOR_PLUGINS: Ocim brings no plugin {listed(wrong)}.",
            f"Choose from {listed(known)}.",
        )


def platform(options: Options) -> Faults:
    if not (platform := bundled(options.platform)).is_dir():
        yield (
            f"OCIM_PLATFORM: there is no directory {platform}.",
            "Set it to the directory of a platform; `rehearsal` is the built-in one.",
        )


def unknown_names(options: Options) -> Faults:
    names = [option.metadata["name"] for option in option_fields()]
    for name in options.unknown:
        near = get_close_matches(name, names, n=1)
        yield (
            f"Unknown setting {name}.",
            f"Did you mean {near[0]}?"
            if near
            else "docs/reference/settings.md lists all settings.",
        )


def default_release(options: Options) -> Faults:
    if not Release.of(options.default_release).known:
        yield (
            f"OCIM_DEFAULT_RELEASE: {options.default_release!r} is not a known release.",
            "Ocim treats it as the newest one. Write a release such as open-release/juniper.2.",
        )


def _meaning(name: str) -> str:
    for option in option_fields():
        if option.metadata["name"] == name:
            return f"{option.metadata['meaning']} Default: {option.metadata['shown']}."
    return ""
