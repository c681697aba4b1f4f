"""Create and remove people of a verification at the LMS."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command


def people(arguments):
    """Create users who can sign in, by the platform's own command."""
    for person in arguments["people"]:
        call_command("manage_user", person["username"], person["email"])
        user = get_user_model().objects.get(username=person["username"])
        user.set_password(person["password"])
        user.is_active = True
        user.save()
        user.profile.name = person["name"]
        user.profile.save()


def courses(arguments):
    """Return the keys of the organization's courses."""
    courses = apps.get_model("course_overviews", "CourseOverview").objects
    return sorted(str(course.pk) for course in courses.filter(org=arguments["prefix"]))


def remove(arguments):
    """Remove the organization and the users with its prefix; return the number of users."""
    users = list(get_user_model().objects.filter(username__startswith=arguments["prefix"] + "-"))
    for user in users:
        call_command("manage_user", user.username, user.email, "--remove")
    organizations = apps.get_model("organizations", "Organization").objects
    organizations.filter(short_name=arguments["prefix"]).delete()
    return {"gone": {"users": len(users)} if users else {}}
