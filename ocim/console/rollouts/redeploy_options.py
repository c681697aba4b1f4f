"""The options of `ocim redeploy`."""

import argparse

Group = argparse._ArgumentGroup


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all options, in groups. Defaults of the request are those of `RolloutRequest`."""
    _add_selection(parser.add_argument_group("instances"))
    _add_preparation(parser.add_argument_group("changes to each instance"))
    _add_order(parser.add_argument_group("pace and limits"))
    _add_invocation(parser.add_argument_group("start"))


def _add_selection(group: Group) -> None:
    group.add_argument(
        "--tag",
        help="Tag for instances that succeed; those that fail get TAG-failed. Required.",
    )
    group.add_argument(
        "--filter",
        default="",
        help="Select instances by these fields or Django lookups (YAML or @FILE; texts in quotes,"
        " lists for __in, times in UTC). Default: all instances.",
    )
    group.add_argument(
        "--exclude",
        default="",
        help="Leave out the instances that this would select as --filter. Default: none.",
    )
    group.add_argument(
        "--retry-failed",
        action="store_true",
        help="Take instances again that are tagged TAG-failed.",
    )
    group.add_argument(
        "--plan",
        metavar="FILE",
        help="Carry out this plan, made with --plan-out, instead of selecting instances.",
    )


def _add_preparation(group: Group) -> None:
    group.add_argument(
        "--update",
        default="",
        help="Instance fields to change before new app servers are created (YAML or @FILE).",
    )
    group.add_argument(
        "--preupgrade-sql-commands",
        default="",
        metavar="SQL",
        help="SQL statements to run on the instance's database before its upgrade (YAML list or"
        " @FILE).",
    )
    group.add_argument(
        "--strict-sql",
        action="store_true",
        help="Fail an instance when one of its SQL statements fails.",
    )
    group.add_argument(
        "--backup",
        action="store_true",
        help="Dump the instance's databases first; `ocim rollout restore` restores them.",
    )
    group.add_argument(
        "--no-activate",
        action="store_true",
        help="Do not activate the new app servers: the old ones serve on.",
    )


def _add_order(group: Group) -> None:
    group.add_argument(
        "--batch-size",
        type=int,
        metavar="N",
        help="Number of instances to upgrade in parallel (default: 2).",
    )
    group.add_argument(
        "--batch-frequency",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="Seconds between two status blocks (default: 600). A free slot is refilled at once.",
    )
    group.add_argument(
        "--num-attempts",
        type=int,
        metavar="N",
        help="Number of attempts for each instance (default: 1).",
    )
    group.add_argument(
        "--stagger",
        type=float,
        metavar="SECONDS",
        help="Seconds between two starts (default: 0).",
    )
    group.add_argument(
        "--canary",
        type=int,
        metavar="N",
        help="Upgrade N instances first, as different as possible: the same as --waves=N.",
    )
    group.add_argument(
        "--waves",
        default="",
        metavar="3,10%,tag:early",
        help="Upgrade in waves of a number, a percentage or a tag; the other instances go last.",
    )
    group.add_argument(
        "--approve-waves",
        action="store_true",
        help="Wait for `ocim rollout resume` before each wave but the first.",
    )
    group.add_argument(
        "--max-failures",
        metavar="N|P%",
        help="Pause when more than N instances (or P %%) have failed (default: no limit).",
    )
    group.add_argument(
        "--max-same-cause",
        type=int,
        metavar="N",
        help="Pause when N instances have failed for one reason; 0: never (default: 3).",
    )
    group.add_argument(
        "--window",
        metavar="22:00-05:00",
        help="Start upgrades only between these hours, in each instance's time zone.",
    )


def _add_invocation(group: Group) -> None:
    group.add_argument(
        "--show-instances",
        action="store_true",
        help="Show what would be upgraded, and change nothing.",
    )
    group.add_argument(
        "--plan-out",
        metavar="FILE",
        help="Write the plan to this file, and do nothing else.",
    )
    group.add_argument(
        "--at",
        metavar="2026-05-04T22:00",
        help="Begin at this time, in UTC unless an offset as +02:00 follows, and plan anew then;"
        " do not wait for it (default: begin at once).",
    )
    group.add_argument("--force", action="store_true", help="Skip the confirmation.")
    group.add_argument(
        "--no-wait",
        action="store_true",
        help="Do not wait for the end of the rollout.",
    )
