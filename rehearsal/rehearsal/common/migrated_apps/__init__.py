"""Migrations of packages, each package's as one.

An app server is installed in a second less with each: Django renders all models anew for each of
the 34 that they replace. Databases that were migrated by the packages' own count as migrated by
these, and the other way round. After an upgrade of a package `makemigrations --check` tells what
is missing here.
"""

OF_ALL = {"auth": f"{__name__}.auth"}
"""Value for MIGRATION_MODULES, of all services."""
OF_EDXAPP = OF_ALL | {"oauth2_provider": f"{__name__}.oauth2_provider"}
"""Value for MIGRATION_MODULES, of LMS and studio."""
