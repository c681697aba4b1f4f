"""Observe users, clients and configuration of the LMS; set what no management command sets."""

from django.apps import apps
from django.contrib.auth.hashers import check_password, identify_hasher
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

DOT = ("oauth2_provider", "Application")


def users(arguments):
    """Return for each user whether it is staff, its full name, address and groups."""
    fields, details = {}, {}
    for name in arguments["users"]:
        user = User.objects.filter(username=name).first()
        profile = _profile(user) if user else None
        fields[name + ".staff"] = bool(user and user.is_staff)
        fields[name + ".name"] = profile.name if profile else ""
        if user:
            details[name] = {
                "email": user.email,
                "superuser": user.is_superuser,
                "groups": [group.name for group in user.groups.all()],
            }
    return {"fields": fields, "users": details}


def set_full_names(arguments):
    """Set the full names of users; create missing profiles."""
    for username, name in arguments["names"].items():
        user = User.objects.get(username=username)
        profile = _profile(user) or apps.get_model("student", "UserProfile")(user=user)
        profile.name = name
        profile.save()


def superusers(_arguments):
    """Return the superusers, each with address and whether it can sign in."""
    found = User.objects.filter(is_superuser=True)
    return {
        "users": {user.username: {"email": user.email, "enabled": user.is_active} for user in found}
    }


def set_superuser(arguments):
    """Make a user a superuser and staff, or take both away; create a missing one by its address.

    Return `created`, `missing` or `address` (another one than the user's); empty: nothing to tell.
    """
    name, email, make = arguments["name"], arguments["email"], arguments["make"]
    user = User.objects.filter(username=name).first()
    if user is None:
        if not (make and email):
            return "missing"
        # Its password is random: the form for forgotten ones refuses users without any.
        call_command("manage_user", name, email, "--staff", "--superuser")
        return "created"
    if email and user.email.lower() != email.lower():
        return "address"
    user.is_staff = user.is_superuser = make
    user.save(update_fields=["is_staff", "is_superuser"])
    return ""


def permissions(arguments):
    """Return the wanted permissions that exist in the release, and those that the user lacks.

    A superuser lacks none.
    """
    wanted = []
    for app, model in arguments["permissions"]:
        of_app = Permission.objects.filter(content_type__app_label=app)
        wanted += list(of_app.filter(content_type__model=model) if model else of_app)
    user = User.objects.filter(username=arguments["user"]).first()
    has = set()
    if user and user.is_superuser:
        has = set(wanted)
    elif user:
        has = set(Permission.objects.filter(group__user=user)) | set(user.user_permissions.all())
    group = Group.objects.filter(name=arguments["group"]).first()
    answer = users({"users": [arguments["user"]]})
    answer["fields"] = {"lacking": sorted(map(_name, set(wanted) - has))}
    answer["wanted"] = sorted(map(_name, wanted))
    answer["of_group"] = sorted(map(_name, group.permissions.all())) if group else []
    return answer


def clients(arguments):
    """Return for each OAuth client whether it has the secret, its user and its redirect URI."""
    fields, names = {}, {}
    for key, wanted in arguments["clients"].items():
        client = _client(wanted["id"])
        if client is None:
            continue
        names[key] = client.name
        user = client.user
        fields[key + ".secret"] = (
            wanted["fingerprint"] if _has_secret(client, wanted["secret"]) else "another"
        )
        fields[key + ".user"] = user.username if user else ""
        if wanted["redirect"]:
            fields[key + ".redirect"] = getattr(client, "redirect_uris", None) or getattr(
                client, "redirect_uri", ""
            )
    return {"fields": fields, "names": names}


def set_client_user(arguments):
    """Attach an OAuth client to a user: commands find clients by user and name alone."""
    client = _client(arguments["client"])
    client.user = User.objects.get(username=arguments["user"])
    client.save(update_fields=["user"])


def commerce(arguments):
    """Return fields of the configuration of commerce."""
    current = apps.get_model("commerce", "CommerceConfiguration").current()
    return {"fields": {name: getattr(current, name) for name in arguments["names"]}}


def set_commerce(arguments):
    """Set these fields in a new version of the configuration of commerce."""
    current = apps.get_model("commerce", "CommerceConfiguration").current()
    for name, value in arguments["fields"].items():
        setattr(current, name, value)
    current.save()


def _profile(user):
    return apps.get_model("student", "UserProfile").objects.filter(user=user).first()


def _name(permission):
    kind = permission.content_type
    return "%s:%s:%s" % (kind.app_label, kind.model, permission.codename)


def _client(client_id):
    # Clients of OpenID Connect belong to an app that juniper removed.
    label, model = ("oauth2", "Client") if apps.is_installed("provider.oauth2") else DOT
    return apps.get_model(label, model).objects.filter(client_id=client_id).first()


def _has_secret(client, secret):
    try:
        identify_hasher(client.client_secret)
    except ValueError:  # older releases store it in clear text
        return client.client_secret == secret
    return check_password(secret, client.client_secret)
