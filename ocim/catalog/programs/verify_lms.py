"""People of a verification at the LMS: made for it, and removed with all that is theirs."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command


def people(given):
    """Make users who can sign in, by the platform's own command."""
    for one in given["people"]:
        call_command("manage_user", one["username"], one["email"])
        user = get_user_model().objects.get(username=one["username"])
        user.set_password(one["password"])
        user.is_active = True
        user.save()
        user.profile.name = one["name"]
        user.profile.save()


def leftovers(given):
    """The courses and users whose names begin so."""
    courses = apps.get_model("course_overviews", "CourseOverview").objects
    users = get_user_model().objects.filter(username__startswith=given["prefix"])
    return {
        "courses": sorted(str(one.pk) for one in courses.filter(org=given["prefix"])),
        "users": sorted(users.values_list("username", flat=True)),
    }


def remove(given):
    """Remove the users whose names begin so, and the organization; who is gone."""
    gone = []
    for user in get_user_model().objects.filter(username__startswith=given["prefix"] + "-"):
        gone.append(user.username)
        call_command("manage_user", user.username, user.email, remove=True)
    organizations = apps.get_model("organizations", "Organization").objects
    organizations.filter(short_name=given["prefix"]).delete()
    return gone
