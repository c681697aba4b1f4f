from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from django.views.static import serve
from oauth2_provider.views import AuthorizationView, UserInfoView

from rehearsal.edxapp.oauth_dispatch.views import AccessTokenView
from rehearsal.edxapp.student.views import sign_in_session
from rehearsal.lms import pages
from rehearsal.lms.api import accounts, commerce, courses, enrollment, organizations

oauth2 = [
    re_path(r"^authorize/?$", AuthorizationView.as_view()),
    re_path(r"^access_token/?$", AccessTokenView.as_view()),
    re_path(r"^user_info/?$", UserInfoView.as_view()),
]
api = [
    path("courses/v1/courses/", courses.course_list),
    re_path(r"^courses/v1/courses/(?P<course_id>[^/]+)/?$", courses.course_detail),
    path("commerce/v1/courses/<str:course_id>/", commerce.course),
    path("enrollment/v1/enrollment", enrollment.enrollments),
    path("enrollment/v1/enrollment/<str:username>,<str:course_id>", enrollment.enrollment),
    path("organizations/v0/organizations/", organizations.organization_list),
    path("organizations/v0/organizations/<str:key>/", organizations.organization),
    path("user/v1/accounts/<str:username>", accounts.account),
    path("user/v1/accounts/<str:username>/image", accounts.image),
]
urlpatterns = [
    path("", include("rehearsal.edxapp.urls")),
    path("", pages.home, name="home"),
    path("courses", RedirectView.as_view(pattern_name="home")),
    path("courses/<course:course_id>/about", pages.about, name="about"),
    path("courses/<course:course_id>/enroll", pages.enroll_oneself, name="enroll"),
    path("dashboard", pages.dashboard, name="dashboard"),
    path("user_api/v1/account/login_session/", sign_in_session),
    path("api/", include(api)),
    path("oauth2/", include(oauth2)),
    # Where the clients of the releases before juniper were kept.
    path(
        "admin/oauth2/client/",
        RedirectView.as_view(pattern_name="admin:oauth2_provider_application_changelist"),
    ),
    path("admin/", admin.site.urls),
    # On the platform's servers nginx serves these.
    path(
        f"{settings.MEDIA_URL.lstrip('/')}<path:path>",
        serve,
        {"document_root": settings.MEDIA_ROOT},
    ),
]
