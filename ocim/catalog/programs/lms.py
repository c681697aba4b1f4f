"""What the LMS has of the services' users, clients and configuration, and what no command sets."""

from django.apps import apps
from django.contrib.auth.hashers import check_password, identify_hasher
from django.contrib.auth.models import Group, Permission, User

DOT = ("oauth2_provider", "Application")


def users(arguments):
    """The users: whether they are staff, and their full names."""
    fields, found = {}, {}
    for name in arguments["users"]:
        user = User.objects.filter(username=name).first()
        profile = _profile(user) if user else None
        fields[name + ".staff"] = bool(user and user.is_staff)
        fields[name + ".name"] = profile.name if profile else ""
        if user:
            found[name] = {
                "email": user.email,
                "superuser": user.is_superuser,
                "groups": [group.name for group in user.groups.all()],
            }
    return {"fields": fields, "users": found}


def set_full_names(arguments):
    """Give users names, and profiles where they have none."""
    for username, name in arguments["names"].items():
        user = User.objects.get(username=username)
        profile = _profile(user) or apps.get_model("student", "UserProfile")(user=user)
        profile.name = name
        profile.save()


def permissions(arguments):
    """Which of the permissions the user lacks, of those that the release has."""
    wanted = []
    for app, model in arguments["permissions"]:
        of = Permission.objects.filter(content_type__app_label=app)
        wanted += list(of.filter(content_type__model=model) if model else of)
    user = User.objects.filter(username=arguments["user"]).first()
    has = set()
    if user:
        has = set(Permission.objects.filter(group__user=user)) | set(user.user_permissions.all())
    group = Group.objects.filter(name=arguments["group"]).first()
    answer = users({"users": [arguments["user"]]})
    answer["fields"] = {"lacking": sorted(_name(one) for one in wanted if one not in has)}
    answer["wanted"] = sorted(_name(one) for one in wanted)
    answer["of_group"] = sorted(map(_name, group.permissions.all())) if group else []
    return answer


def clients(arguments):
    """The OAuth clients: whether they have the secret that is said, what they may, and whose."""
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


def commerce(arguments):
    """Where purchases lead."""
    current = apps.get_model("commerce", "CommerceConfiguration").current()
    return {"fields": {name: getattr(current, name) for name in arguments["names"]}}


def set_commerce(arguments):
    """Set those fields, and no others, of what is in force."""
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
    # Clients of OpenID Connect are of an app that juniper took away.
    label, model = ("oauth2", "Client") if apps.is_installed("provider.oauth2") else DOT
    return apps.get_model(label, model).objects.filter(client_id=client_id).first()


def _has_secret(client, secret):
    try:
        identify_hasher(client.client_secret)
    except ValueError:  # older releases keep it as it is
        return client.client_secret == secret
    return check_password(secret, client.client_secret)
