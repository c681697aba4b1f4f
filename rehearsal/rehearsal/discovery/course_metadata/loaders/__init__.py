"""Where a partner's data comes from: one loader for each URL that the partner has."""

from rehearsal.discovery.course_metadata.loaders.courses import CoursesLoader
from rehearsal.discovery.course_metadata.loaders.ecommerce import EcommerceLoader
from rehearsal.discovery.course_metadata.loaders.loader import Loader
from rehearsal.discovery.course_metadata.loaders.organizations import OrganizationsLoader
from rehearsal.discovery.course_metadata.loaders.programs import ProgramsLoader

# In this order: later ones add to what earlier ones have found.
LOADERS: tuple[type[Loader], ...] = (
    OrganizationsLoader,
    CoursesLoader,
    EcommerceLoader,
    ProgramsLoader,
)

__all__ = ["LOADERS", "Loader"]
