"""People of a verification at the LMS: made for it, and removed with all that is theirs."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command


def people(arguments):
    """Make users who can sign in, by the platform's own command."""
    for one in arguments["people"]:
        call_command("manage_user", one["username"], one["email"])
        user = get_user_model().objects.get(username=one["username"])
        user.set_password(one["password"])
        user.is_active = True
        user.save()
        user.profile.name = one["name"]
        user.profile.save()


def courses(arguments):
    """The keys of the courses of that organization."""
    found = apps.get_model("course_overviews", "CourseOverview").objects
    return sorted(str(one.pk) for one in found.filter(org=arguments["prefix"]))


def remove(arguments):
    """Remove the users whose names begin so, and the organization; how many users are gone."""
    users = list(get_user_model().objects.filter(username__startswith=arguments["prefix"] + "-"))
    for user in users:
        call_command("manage_user", user.username, user.email, "--remove")
    organizations = apps.get_model("organizations", "Organization").objects
    organizations.filter(short_name=arguments["prefix"]).delete()
    return {"gone": {"users": len(users)} if users else {}}
