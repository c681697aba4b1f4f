from oscar.apps.catalogue.admin import *  # noqa: F403 (registers every model of the catalogue)
