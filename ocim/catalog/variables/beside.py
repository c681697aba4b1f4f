"""Secrets of the services that upstream's playbooks install beside the LMS, on the same server.

Upstream's defaults for them are public, and the same on every server. The built-in playbooks
install none of these services.
"""

from typing import Any

from ocim.catalog.variables.pairs import SAME
from ocim.core.instance import Instance
from ocim.core.provisioning import BUILTIN
from ocim.core.secrets import derive

_NAMES = (
    "MONGO_ADMIN_PASSWORD",
    "MONGO_CLUSTER_KEY",
    "RABBIT_ADMIN_PASSWORD",
    # Clients of Studio at the LMS, which the playbook registers.
    "EDXAPP_CMS_SOCIAL_AUTH_EDX_OAUTH2_KEY",
    "EDXAPP_CMS_SOCIAL_AUTH_EDX_OAUTH2_SECRET",
    "EDXAPP_CMS_BACKEND_SERVICE_EDX_OAUTH2_KEY",
    "EDXAPP_CMS_BACKEND_SERVICE_EDX_OAUTH2_SECRET",
)
_NOTIFIERS = (
    "NOTIFIER_COMMENT_SERVICE_API_KEY",
    "NOTIFIER_LMS_SECRET_KEY",
    "NOTIFIER_USER_SERVICE_API_KEY",
)
"""Keys of the LMS and of the forum that the notifier uses, too."""


def secrets(seed: bytes) -> dict[str, Any]:
    """Return the secrets of MongoDB, RabbitMQ, xqueue, the notifier, and Studio's sign-on."""
    derived = {name: derive(seed, name) for name in _NAMES}
    shared = {name: derive(seed, SAME[name]) for name in _NOTIFIERS}
    return derived | shared | _mongodb(seed) | _xqueue(seed)


def demo_people(instance: Instance) -> dict[str, Any]:
    """Return variables that keep upstream's demo role from making people with a public password.

    Up to ironwood the role has no switch: it always makes a member of staff and three learners.
    """
    if instance.configuration_source_repo_url == BUILTIN:
        return {}
    return {"DEMO_CREATE_STAFF_USER": False, "demo_test_users": []}


def _mongodb(seed: bytes) -> dict[str, Any]:
    """Return passwords as MongoDB's role creates them and as the LMS and the forum use them."""
    edxapp, forum = (derive(seed, f"{service}_MONGO_PASSWORD") for service in ("EDXAPP", "FORUM"))
    users = (("cs_comments_service", forum), ("edxapp", edxapp))
    return {
        "EDXAPP_MONGO_PASSWORD": edxapp,
        "FORUM_MONGO_PASSWORD": forum,
        "MONGO_USERS": [
            {"user": user, "password": password, "database": user, "roles": "readWrite"}
            for user, password in users
        ],
    }


def _xqueue(seed: bytes) -> dict[str, Any]:
    """Return the password of the LMS's account at xqueue, by its names in the four roles."""
    password = derive(seed, "EDXAPP_XQUEUE_DJANGO_AUTH")
    return {
        "EDXAPP_XQUEUE_DJANGO_AUTH": {"username": "lms", "password": password},
        "XQUEUE_DJANGO_USERS": {"lms": password},
        "COMMON_XQUEUE_LMS_PASSWORD": password,
        "CERTS_QUEUE_PASS": password,
    }
