"""The page of the superusers of an LMS."""

from django.test import Client

from ocim.store.models import Job
from tests.world import World


def test_superusers_are_listed_on_demand_and_removed(admin: Client, world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    world.shells.looks["superusers"] = {
        "users": {"mira": {"email": "mira@example.com", "enabled": False}}
    }
    where = f"/instances/{instance.pk}/superusers/"
    assert "mira" not in admin.get(where).content.decode()
    page = admin.post(f"{where}look/").content.decode()
    assert "mira@example.com" in page
    assert "cannot sign in" in page
    admin.post(f"{where}change/", {"name": "mira", "remove": "yes"})
    assert Job.objects.latest("pk").arguments["make"] is False


def test_what_was_typed_stays_beside_its_fault(admin: Client, world: World) -> None:
    instance = world.make_instance()
    world.spawn(instance, activate=True)
    fields = {"name": "a b", "email": "mira@example.com"}
    page = admin.post(f"/instances/{instance.pk}/superusers/change/", fields).content.decode()
    assert "is no user name of the LMS" in page
    assert 'value="a b"' in page
    assert not Job.objects.filter(kind="superuser").exists()
