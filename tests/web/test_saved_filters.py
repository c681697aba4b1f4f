from django.test import Client

from ocim.core.access import Role
from ocim.store.models import SavedFilter
from tests.web.conftest import signed_in


def test_a_filter_is_saved_under_a_name_replaced_and_deleted(admin: Client) -> None:
    admin.post("/filters/save/", {"name": " To  do ", "query": "state=down&sort=name"})
    answer = admin.post("/filters/save/", {"name": "To do", "query": "state=failed"}, follow=True)
    [saved] = SavedFilter.objects.all()
    assert (saved.name, saved.query) == ("To do", "state=failed")
    assert 'href="/?state=failed" aria-current="true">To do</a>' in answer.content.decode()
    admin.post(f"/filters/{saved.pk}/forget/")
    assert not SavedFilter.objects.exists()


def test_what_is_no_filter_or_has_no_name_is_not_saved(admin: Client) -> None:
    admin.post("/filters/save/", {"name": "Typed", "query": "stat=down"})
    admin.post("/filters/save/", {"name": " ", "query": "state=down"})
    admin.post("/filters/save/", {"name": "x" * 61, "query": "state=down"})
    assert not SavedFilter.objects.exists()


def test_filters_are_each_persons_own(admin: Client) -> None:
    admin.post("/filters/save/", {"name": "Mine", "query": "state=down"})
    other = signed_in("ann", Role.VIEWER)
    assert "Mine" not in other.get("/").content.decode()
    assert other.post(f"/filters/{SavedFilter.objects.get().pk}/forget/").status_code == 404
