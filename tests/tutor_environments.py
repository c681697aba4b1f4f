"""The environments of Tutor, which all tests share and later runs find again."""

from ocim.adapters.provisioners.tutor.environments import TutorEnvironments
from ocim.adapters.sandbox import Sandbox
from ocim.core.places import bundled
from tests.nspawn_hosts import BASES

CACHE = BASES / "tutor"
LOCKS = bundled("requirements")


def tutor_environments() -> TutorEnvironments:
    """Return the environments; each is built the first time that it is asked for."""
    return TutorEnvironments(LOCKS, CACHE, Sandbox())
