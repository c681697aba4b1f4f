from django.urls import include, path
from rest_framework.routers import SimpleRouter

from rehearsal.discovery.api import search
from rehearsal.discovery.api.catalogs import CatalogView
from rehearsal.discovery.api.views import CourseRunView, CourseView, OrganizationView, ProgramView

router = SimpleRouter()
router.register("catalogs", CatalogView)
router.register("courses", CourseView)
router.register("course_runs", CourseRunView)
router.register("organizations", OrganizationView)
router.register("programs", ProgramView)

urlpatterns = [
    path("", include(router.urls)),
    path("search/all/", search.SearchView.as_view()),
    path("search/all/facets/", search.FacetView.as_view()),
    path("search/courses/", search.CourseSearchView.as_view()),
    path("search/course_runs/", search.CourseRunSearchView.as_view()),
    path("search/typeahead/", search.TypeaheadView.as_view()),
]
