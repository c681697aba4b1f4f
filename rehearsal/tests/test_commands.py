import io
import json

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from oauth2_provider.models import Application
from pytest_django import Settings

from rehearsal.common.releases import parse
from rehearsal.edxapp.course_overviews.models import CourseOverview
from rehearsal.edxapp.student.models import CourseEnrollment

pytestmark = pytest.mark.django_db
WORKER = ("shop_worker", "shop@example.com")


def user() -> User:
    return User.objects.get(username="shop_worker")


def test_manage_user_makes_a_user_with_a_profile() -> None:
    call_command("manage_user", *WORKER, "--staff", "--unusable-password")
    assert user().is_staff
    assert not user().is_superuser
    assert not user().has_usable_password()
    assert user().profile.name == ""


def test_manage_user_takes_away_what_is_not_asked_for() -> None:
    Group.objects.create(name="shop")
    call_command("manage_user", *WORKER, "--staff", "--superuser", "--groups", "shop")
    assert user().groups.exists()
    call_command("manage_user", *WORKER)
    assert not user().is_staff
    assert not user().is_superuser
    assert not user().groups.exists()


def test_manage_user_passes_over_groups_that_do_not_exist() -> None:
    output = io.StringIO()
    call_command("manage_user", *WORKER, "--groups", "nowhere", stderr=output)
    assert "There is no group 'nowhere'" in output.getvalue()
    assert user().email == "shop@example.com"


def test_manage_user_gives_a_profile_to_a_user_who_has_none() -> None:
    call_command("manage_user", "ecommerce_worker", "ecommerce_worker@fake.email", "--staff")
    assert User.objects.get(username="ecommerce_worker").profile.name == ""


def test_manage_user_keeps_a_password_and_refuses_another_address() -> None:
    encoded = make_password("correct horse")
    call_command("manage_user", *WORKER, initial_password_hash=encoded)
    call_command("manage_user", *WORKER, initial_password_hash=make_password("other"))
    assert user().check_password("correct horse")
    with pytest.raises(CommandError, match="another e-mail address"):
        call_command("manage_user", "shop_worker", "other@example.com", "--superuser")
    assert not user().is_superuser


def test_manage_user_refuses_a_hash_that_is_none() -> None:
    with pytest.raises(CommandError, match="no password hash"):
        call_command("manage_user", *WORKER, initial_password_hash="secret")


def test_manage_user_removes() -> None:
    call_command("manage_user", *WORKER)
    call_command("manage_user", *WORKER, "--remove")
    call_command("manage_user", *WORKER, "--remove")
    assert not User.objects.filter(username="shop_worker").exists()


@pytest.mark.parametrize(
    "name",
    [
        "api_admin:catalog:change_catalog",
        "bulk_email:coursemodetarget:add_coursemodetarget",
        "commerce:commerceconfiguration:delete_commerceconfiguration",
        "course_modes:coursemode:view_coursemode",
    ],
)
def test_manage_group_knows_the_documented_permissions(name: str) -> None:
    call_command("manage_group", "ecommerce_service", "--permissions", name)
    granted = Group.objects.get(name="ecommerce_service").permissions.get()
    assert granted.codename == name.split(":")[2]


def test_manage_group_sets_exactly_what_is_given() -> None:
    call_command("manage_group", "g", "--permissions", "course_modes:coursemode:add_coursemode")
    call_command("manage_group", "g")
    assert not Group.objects.get(name="g").permissions.exists()
    call_command("manage_group", "g", "--remove")
    assert not Group.objects.filter(name="g").exists()


def test_manage_group_names_all_that_it_does_not_know() -> None:
    with pytest.raises(CommandError, match=r"a:b:c, nonsense"):
        call_command("manage_group", "g", "--permissions", "a:b:c", "nonsense")
    assert not Group.objects.exists()


def test_create_dot_application_changes_only_when_told_to(worker: User) -> None:
    arguments = ("create_dot_application", "shop", worker.username, "--client-id=id")
    output = io.StringIO()
    call_command(*arguments, "--client-secret=first", stdout=output)
    call_command(*arguments, "--client-secret=second", stdout=output)
    assert Application.objects.get().client_secret == "first"
    call_command(
        *arguments, "--client-secret=second", "--scopes=user_id", "--update", stdout=output
    )
    assert Application.objects.get().client_secret == "second"
    assert Application.objects.get().access.scope_names() == ["user_id"]
    assert "first" not in output.getvalue()
    assert "second" not in output.getvalue()


@pytest.mark.parametrize("name, username", [("shop", "other"), ("renamed", "worker")])
def test_create_dot_application_finds_a_client_by_its_user_and_name_alone(
    worker: User, name: str, username: str
) -> None:
    user = User.objects.create_user("other") if username == "other" else worker
    call_command("create_dot_application", "shop", worker.username, "--client-id=id")
    with pytest.raises(IntegrityError, match="client_id"):
        call_command("create_dot_application", name, user.username, "--client-id=id", "--update")


def test_create_dot_application_says_all_that_is_wrong(worker: User) -> None:
    with pytest.raises(CommandError, match="redirect_uris cannot be empty"):
        call_command(
            "create_dot_application", "a", worker.username, grant_type="authorization-code"
        )
    with pytest.raises(CommandError, match="There is no user 'nobody'"):
        call_command("create_dot_application", "a", "nobody")


def test_each_release_has_its_own_command_for_clients(worker: User, settings: Settings) -> None:
    old = ("create_oauth2_client", "https://shop.test", "https://shop.test/complete/", "public")
    with pytest.raises(CommandError, match="create_dot_application"):
        call_command(*old)
    settings.RELEASE = parse("ironwood.2")
    with pytest.raises(CommandError, match="create_oauth2_client"):
        call_command("create_dot_application", "a", worker.username)


def test_create_oauth2_client_prints_the_client_and_updates_it(
    worker: User, settings: Settings
) -> None:
    settings.RELEASE = parse("ironwood.2")
    output = io.StringIO()
    for name in ("first", "second"):
        output = io.StringIO()
        call_command(
            "create_oauth2_client",
            "https://shop.test",
            "https://shop.test/complete/edx-oidc/",
            "confidential",
            "--client_id=id",
            "--client_secret=secret",
            "--trusted",
            f"--client_name={name}",
            f"--username={worker.username}",
            stdout=output,
        )
    client = Application.objects.get()
    assert (client.name, client.skip_authorization, client.user) == ("second", True, worker)
    assert json.loads(output.getvalue())["client_secret"] == "secret"


def test_create_course_makes_a_course_that_learners_see(worker: User) -> None:
    output = io.StringIO()
    call_command("create_course", "split", worker.email, "edX", "New", "2026", stdout=output)
    assert "Created course-v1:edX+New+2026" in output.getvalue()
    assert CourseOverview.objects.published().filter(pk="course-v1:edX+New+2026").exists()
    assert CourseEnrollment.objects.filter(user=worker, mode="audit").exists()


def test_create_course_leaves_one_that_exists(worker: User, course: CourseOverview) -> None:
    call_command("create_course", "split", str(worker.pk), course.org, course.number, course.run)
    assert CourseOverview.objects.get().display_name == course.display_name


@pytest.mark.parametrize("user, org", [("no@example.com", "edX"), ("worker", "no spaces")])
def test_create_course_refuses_what_makes_no_course(user: str, org: str, worker: User) -> None:
    with pytest.raises(CommandError):
        call_command("create_course", "split", user.replace("worker", worker.email), org, "a", "b")


def test_delete_course_asks_twice(course: CourseOverview, monkeypatch: pytest.MonkeyPatch) -> None:
    for answers, left in (("y\nn\n", True), ("y\ny\n", False)):
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        call_command("delete_course", course.id)
        assert CourseOverview.objects.exists() == left
    with pytest.raises(CommandError, match="not found"):
        call_command("delete_course", course.id)
