"""Loaders of a partner's data: one for each kind of URL that a partner has."""

from rehearsal.discovery.course_metadata.loaders.courses import CoursesLoader
from rehearsal.discovery.course_metadata.loaders.ecommerce import EcommerceLoader
from rehearsal.discovery.course_metadata.loaders.loader import Loader
from rehearsal.discovery.course_metadata.loaders.organizations import OrganizationsLoader
from rehearsal.discovery.course_metadata.loaders.programs import ProgramsLoader

# The order matters: later loaders add to the rows of earlier ones.
LOADERS: tuple[type[Loader], ...] = (
    OrganizationsLoader,
    CoursesLoader,
    EcommerceLoader,
    ProgramsLoader,
)

__all__ = ["LOADERS", "Loader"]
