from ocim.core.jobs import SetUpJob
from ocim.operations.jobs import payload_of
from ocim.store.models import Job, OpenEdXInstance
from tests.api.client import Api
from tests.web.fleet import make_appserver


def test_services_are_switched_with_their_settings(operator: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}/services"
    assert operator.get(where).json()["enabled"] == []
    wanted = {
        "enable": ["ecommerce"],
        "partner_code": "DEMO",
        "currency": "GBP",
        "processors": {"test-card": {}},
    }
    answer = operator.post(where, wanted)
    assert answer.status_code == 200, answer.content
    assert answer.json()["enabled"] == ["ecommerce"]
    assert answer.json()["partner_code"] == "DEMO"
    again = operator.post(where, {"disable": ["ecommerce"]})
    assert again.json()["enabled"] == []


def test_a_service_is_not_switched_both_ways(operator: Api, demo: OpenEdXInstance) -> None:
    wanted = {"enable": ["discovery"], "disable": ["discovery"]}
    answer = operator.post(f"/instances/{demo.pk}/services", wanted)
    assert answer.status_code == 422
    wrong = operator.post(f"/instances/{demo.pk}/services", {"enable": ["blog"]})
    assert wrong.json()["errors"][0]["pointer"] == "#/enable/0"


def test_set_up_steps_are_a_job(operator: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}/services"
    assert operator.post(f"{where}/set-up").status_code == 409
    operator.post(where, {"enable": ["ecommerce"], "partner_code": "DEMO"})
    made = make_appserver(demo, is_active=True)
    assert operator.post(f"{where}/set-up", {"steps": ["nonsense"]}).status_code == 422
    answer = operator.post(f"{where}/set-up", {"force": True})
    assert answer.status_code == 202
    assert payload_of(Job.objects.get()) == SetUpJob(made.pk, (), True)


def test_a_verification_needs_a_service(operator: Api, demo: OpenEdXInstance) -> None:
    make_appserver(demo, is_active=True)
    where = f"/instances/{demo.pk}/services/verifications"
    assert operator.post(where).status_code == 409
    assert operator.get(where).json()["results"] == []


def test_a_runbook_has_the_commands(operator: Api, demo: OpenEdXInstance) -> None:
    make_appserver(demo, is_active=True)
    lines = operator.get(f"/instances/{demo.pk}/services/runbook").json()["lines"]
    assert isinstance(lines, list)


def test_variables_come_with_their_layers(viewer: Api, admin: Api, demo: OpenEdXInstance) -> None:
    where = f"/instances/{demo.pk}/configuration"
    variables = viewer.get(where).json()
    assert {variable["layer"] for variable in variables} >= {"lms"} or variables
    layer = variables[0]["layer"]
    chosen = viewer.get(f"{where}?layer={layer}").json()
    assert {variable["layer"] for variable in chosen} == {layer}
    assert viewer.get(f"{where}?layer=nonsense").status_code == 422
    assert viewer.get(f"{where}?secrets=true").status_code == 403
    assert "********" not in admin.get(f"{where}?secrets=true").content.decode()


def test_changes_compare_with_what_serves(
    viewer: Api, operator: Api, demo: OpenEdXInstance
) -> None:
    where = f"/instances/{demo.pk}/configuration/changes"
    assert viewer.get(where).status_code == 409
    made = make_appserver(demo, is_active=True)
    assert viewer.get(where).json() == []
    extra = {"configuration_extra_settings": "MY_OWN: 1"}
    operator.patch(f"/instances/{demo.pk}", extra, if_match="*")
    [change] = viewer.get(where).json()
    assert (change["path"], change["change"], change["new"]) == (["MY_OWN"], "added", 1)
    before = viewer.get(f"/appservers/{made.pk}/configuration").json()
    assert ["MY_OWN"] not in [variable["path"] for variable in before]


def test_a_text_is_checked_with_the_places_of_its_faults(viewer: Api) -> None:
    answer = viewer.post("/lint", {"text": "A: 1\nA: 2\n"}).json()
    [fault] = answer["faults"]
    assert (fault["line"], fault["column"]) == (2, 1)
    assert viewer.post("/lint", {"text": "A: 1"}).json() == {"faults": [], "warnings": []}


def test_an_instance_is_checked_against_the_playbooks(viewer: Api, demo: OpenEdXInstance) -> None:
    assert viewer.get(f"/instances/{demo.pk}/lint").status_code == 200
