import pytest
from django.contrib.auth.models import User

from rehearsal.edxapp.course_modes.models import CourseMode
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.oauth_dispatch import tokens
from rehearsal.edxapp.student.models import UserProfile


@pytest.fixture
def learner(db: None) -> User:
    user = User.objects.create_user("lena", "lena@example.com", "correct horse")
    UserProfile.objects.create(user=user, name="Lena Learner")
    return user


@pytest.fixture
def worker(db: None) -> User:
    user = User.objects.create_user("discovery_worker", "worker@example.com", is_staff=True)
    UserProfile.objects.create(user=user, name="Discovery Worker")
    return user


@pytest.fixture
def course(db: None) -> CourseOverview:
    return CourseOverview.objects.create(
        org="edX", number="Demo", run="2026", display_name="Demonstration", published=True
    )


@pytest.fixture
def verified(course: CourseOverview) -> CourseMode:
    CourseMode.objects.create(course=course, mode_slug="audit", mode_display_name="Audit")
    return CourseMode.objects.create(
        course=course,
        mode_slug="verified",
        mode_display_name="Verified",
        min_price=10,
        currency="gbp",
        sku="A1B2C3",
    )


def jwt(user: User) -> str:
    """Return the value of the Authorization header with which `user` calls an API."""
    scopes = ("user_id", "profile", "email")
    token = tokens.issue(user, scopes=scopes, grant_type="client_credentials", expires_in=60)
    return f"JWT {token}"
