"""Arguments and options that several commands have: one definition and one help text each."""

import argparse

INSTANCE = "Id, domain or name of the instance."
"""Help text of an argument that names an instance."""


def add_instance(parser: argparse.ArgumentParser) -> None:
    """Add the argument INSTANCE."""
    parser.add_argument("instance", metavar="INSTANCE", help=INSTANCE)


def add_organization(parser: argparse.ArgumentParser) -> None:
    """Add the option --organization of a role."""
    parser.add_argument(
        "--organization", default="", help="Organization (default: the whole fleet)."
    )


def add_appserver(parser: argparse.ArgumentParser) -> None:
    """Add an argument that names one app server."""
    parser.add_argument("appserver", type=int, metavar="ID", help="Id of the app server.")


def add_appservers(parser: argparse.ArgumentParser) -> None:
    """Add an argument that names one or more app servers."""
    parser.add_argument(
        "appservers",
        nargs="+",
        type=int,
        metavar="ID",
        help="Id of an app server; several must belong to the same instance.",
    )


def add_json(parser: argparse._ActionsContainer) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help="Print JSON.")


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the option --yes."""
    parser.add_argument("--yes", action="store_true", help="Skip the confirmation.")


def add_no_wait(parser: argparse.ArgumentParser) -> None:
    """Add the option --no-wait."""
    parser.add_argument("--no-wait", action="store_true", help="Do not wait for the job.")


def add_secrets(parser: argparse.ArgumentParser) -> None:
    """Add the option --secrets."""
    parser.add_argument("--secrets", action="store_true", help="Show secrets instead of masks.")
