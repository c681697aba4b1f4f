import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from ocim.core.errors import TransientError, ValidationError
from ocim.operations import instances
from ocim.operations.rollouts.plan_file import from_json, to_json
from ocim.presentation.plan_text import plan_lines
from ocim.presentation.variables import in_words
from ocim.store.models import (
    InstanceReference,
    InstanceTag,
    OpenEdXInstance,
    Rollout,
    SearchServer,
)
from tests.operations.rollouts.fleet import UPDATE, Fleet


def edit(fleet: Fleet, instance: OpenEdXInstance, **changes: Any) -> None:
    context = fleet.world.context()
    instances.change(instance_id=instance.pk, changes=changes, context=context)


def kept(fleet: Fleet, **options: Any) -> Any:
    return json.loads(json.dumps(to_json(fleet.plan(**options))))


def test_it_names_what_changes_of_each(fleet: Fleet) -> None:
    make = fleet.make(edx_platform_commit="old")
    [item] = fleet.plan().items
    assert (item.instance_id, item.label) == (make.pk, str(make))
    assert (item.before, item.after) == ({"edx_platform_commit": "old"}, UPDATE)


def test_planning_changes_nothing(fleet: Fleet) -> None:
    make = fleet.make()
    was = OpenEdXInstance.objects.values().get()
    fleet.plan(update={"name": "New", "openedx_appserver_count": 3})
    assert OpenEdXInstance.objects.values().get(pk=make.pk) == was
    assert not Rollout.objects.exists()
    assert not make.tags.through.objects.exists()


def test_equal_plans_have_equal_hashes_and_others_have_others(fleet: Fleet) -> None:
    fleet.make()
    plan = fleet.plan(sql=["SELECT 1"])
    assert plan.hash == fleet.plan(sql=["SELECT 1"]).hash
    assert plan.hash != fleet.plan(sql=["SELECT 2"]).hash
    assert plan.hash != fleet.plan(sql=["SELECT 1"], tag="other").hash


def test_a_file_brings_it_back(fleet: Fleet) -> None:
    fleet.make()
    options: dict[str, Any] = {
        "sql": ["SELECT 1"],
        "canary": 1,
        "filter": {"edx_platform_commit": "opencraft-release/ironwood.2"},
        "batch_size": 6,
        "max_failures": "10%",
        "max_same_cause": 0,
        "window": "22:00-05:00",
        "no_activate": True,
    }
    plan = fleet.plan(**options)
    brought_back = from_json(kept(fleet, **options))
    assert (brought_back.hash, brought_back.request) == (plan.hash, plan.request)


def test_a_plan_that_somebody_changed_is_refused(fleet: Fleet) -> None:
    fleet.make()
    changed = kept(fleet)
    changed["items"][0]["after"]["edx_platform_commit"] = "evil"
    with pytest.raises(ValidationError, match="changed after it was made"):
        from_json(changed)


def test_a_file_tells_no_secret(fleet: Fleet) -> None:
    fleet.make(configuration_extra_settings="HARMLESS: hunter2")
    update = {"configuration_extra_settings": "OTHER: hunter2", "name": "New"}
    sql = ["UPDATE x SET secret = 'hunter2'"]
    file = kept(fleet, update=update, sql=sql)
    assert "hunter2" not in json.dumps(file)
    plan = from_json(file)
    assert (plan.request.update, plan.request.sql) == (update, tuple(sql))


def test_a_plan_of_another_installation_is_refused(fleet: Fleet, settings: Any) -> None:
    fleet.make()
    file = kept(fleet)
    settings.OCIM = replace(
        settings.OCIM, master_key="ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
    )
    with pytest.raises(ValidationError, match="another master key"):
        from_json(file)


@pytest.mark.parametrize("kept", [{}, [], "plan", {"tag": "x", "items": 5}, {"tag": "x"}])
def test_anything_else_is_no_plan(kept: Any) -> None:
    with pytest.raises(ValidationError, match="not a plan"):
        from_json(kept)


@pytest.mark.parametrize(
    "update",
    [{"internal_lms_domain": "x.example.com"}, {"external_studio_domain": "x.example.com"},
     {"partner_code": "SAME"}],
)  # fmt: skip
def test_what_only_one_instance_can_have_is_not_set_for_several(
    fleet: Fleet, update: dict[str, str]
) -> None:
    fleet.make()
    assert len(fleet.plan(update=update).items) == 1
    fleet.make()
    [(name, value)] = update.items()
    with pytest.raises(ValidationError) as refused:
        fleet.plan(update=update)
    assert refused.value.faults == (
        f"--update: {name}: only one instance can have {value!r}, but 2 are selected.",
    )


def test_what_another_instance_has_is_not_set_for_one(fleet: Fleet) -> None:
    present = fleet.world.make_instance(partner_code="ACME")
    make = fleet.make()
    for update in ({"partner_code": "acme"}, {"internal_lms_domain": present.internal_lms_domain}):
        with pytest.raises(ValidationError) as refused:
            fleet.plan(update=update, filter={"id": make.pk})
        assert str(present) in refused.value.faults[0]


def test_a_value_that_leaves_the_default_may_be_set_for_several(fleet: Fleet) -> None:
    fleet.make(partner_code="A"), fleet.make(partner_code="B")
    assert len(fleet.plan(update={"partner_code": "", "internal_studio_domain": ""}).items) == 2


def test_drift_is_refused_naming_how(fleet: Fleet) -> None:
    edited, archived, gone = fleet.make(edx_platform_commit="old"), fleet.make(), fleet.make()
    plan = fleet.plan()
    context = fleet.world.context()
    instances.change(instance_id=edited.pk, changes={"edx_platform_commit": "new"}, context=context)
    InstanceReference.objects.filter(pk=archived.pk).update(is_archived=True)
    InstanceReference.objects.filter(pk=gone.pk).delete()
    with pytest.raises(ValidationError) as refused:
        fleet.begin(plan)
    assert refused.value.faults == (
        f"{edited}: edx_platform_commit was 'old' and is 'new'.",
        f"{archived} was archived.",
        f"{gone} was deleted.",
    )
    assert not Rollout.objects.exists()


def test_it_names_the_variables_that_change(fleet: Fleet) -> None:
    fleet.make(edx_platform_commit="old")
    [item] = fleet.plan(update={"edx_platform_commit": "new"}).items
    [change] = [
        variable for variable in item.variables if variable["path"] == ["edx_platform_version"]
    ]
    assert (change["old"], change["new"], change["layers"]) == ("old", "new", ["defaults"])


def test_it_names_what_was_edited_since_the_app_server_that_serves(fleet: Fleet) -> None:
    make = fleet.make()
    edit(fleet, make, configuration_extra_settings="EDXAPP_THING: 1")
    [item] = fleet.plan(update={}).items
    [change] = item.variables
    assert change == {
        "path": ["EDXAPP_THING"],
        "layers": ["configuration_extra_settings"],
        "new": 1,
    }


def test_no_secret_is_in_it(fleet: Fleet) -> None:
    fleet.make(configuration_extra_settings="EDXAPP_SOME_PASSWORD: hunter1")
    plan = fleet.plan(
        update={
            "configuration_extra_settings": "EDXAPP_SOME_PASSWORD: hunter2",
            "edx_platform_repository_url": "https://me:hunter2@git.example.com/platform",
        }
    )
    output = json.dumps(plan.items[0].variables)
    assert "EDXAPP_SOME_PASSWORD" in output
    assert "edx_platform_repo" in output
    assert "hunter" not in output
    assert in_words(plan.items[0].variables[-1]) == (
        "EDXAPP_SOME_PASSWORD: ******** (with a secret that changed)"
    )


@pytest.mark.parametrize(
    "then, said",
    [
        (
            "EDXAPP_THING: 2\nA_PASSWORD: a",
            "these variables would not be as planned: EDXAPP_THING",
        ),
        ("EDXAPP_THING: 1\nA_PASSWORD: b", "these variables would not be as planned: a secret"),
        ("EDXAPP_THING: [", "configuration_extra_settings, line 2"),
    ],
)
def test_drift_of_other_settings_is_refused_too(fleet: Fleet, then: str, said: str) -> None:
    make = fleet.make()
    edit(fleet, make, configuration_extra_settings="EDXAPP_THING: 1\nA_PASSWORD: a")
    plan = fleet.plan()
    OpenEdXInstance.objects.update(configuration_extra_settings=then)
    with pytest.raises(ValidationError) as refused:
        fleet.begin(plan)
    assert refused.value.faults[0].startswith(f"{make}: {said}")
    assert not Rollout.objects.exists()


def test_what_serves_now_is_looked_up_at_once_for_many(
    fleet: Fleet, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        fleet.make()
    with django_assert_num_queries(9):
        fleet.plan()


def test_waves_may_be_tags(fleet: Fleet) -> None:
    fleet.make()
    early = fleet.make()
    early.tags.add(InstanceTag.objects.create(name="early"))
    plan = fleet.plan(waves="tag:early")
    assert {item.instance_id: item.wave for item in plan.items}[early.pk] == 0
    assert sorted(item.wave for item in plan.items) == [0, 1]
    with pytest.raises(ValidationError, match="has the tag 'late'"):
        fleet.plan(waves="tag:late")


@pytest.mark.parametrize(
    "update, said",
    [
        ({"edx_platform_comit": "x"}, "unknown field 'edx_platform_comit'. Did you mean "
         "'edx_platform_commit'?"),
        ({"secret_seed": "x"}, "unknown field 'secret_seed'"),
        ({"edx_platform_commit": 1.1}, "1.1 is no text: write it in quotes: '1.1'."),
        ({"name": None}, "null is no text"),
        ({"configuration_extra_settings": {"A": 1}}, "is no text"),
        ({"openedx_appserver_count": "2"}, "'2' is no whole number"),
        ({"openedx_appserver_count": True}, "True is no whole number"),
    ],
)  # fmt: skip
def test_an_impossible_update_is_refused(fleet: Fleet, update: Any, said: str) -> None:
    fleet.make()
    with pytest.raises(ValidationError) as refused:
        fleet.plan(update=update)
    assert said in refused.value.faults[0]


def test_what_does_not_validate_is_refused_for_all_instances_at_once(fleet: Fleet) -> None:
    made = [fleet.make(), fleet.make()]
    with pytest.raises(ValidationError) as refused:
        fleet.plan(update={"email": "nobody", "openedx_appserver_count": 0})
    output = "\n".join(refused.value.faults)
    for item in made:
        assert f"{item}: email: " in output
        assert f"{item}: openedx_appserver_count: " in output


@pytest.mark.parametrize("tag", ["", " x", "x ", "a\nb", "x" * 94, "x-failed"])
def test_an_impossible_tag_is_refused(fleet: Fleet, tag: str) -> None:
    with pytest.raises(ValidationError, match="--tag"):
        fleet.plan(tag=tag)


def test_canaries_cover_different_releases(fleet: Fleet) -> None:
    fleet.make()
    fleet.make()
    other = fleet.make(openedx_release="open-release/ironwood.2")
    waves = {item.instance_id: item.wave for item in fleet.plan(canary=2).items}
    assert [waves[pk] for pk in sorted(waves)] == [0, 1, 0]
    assert waves[other.pk] == 0


def test_the_hash_is_that_of_the_plan_as_json(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.make(edx_platform_commit="old")
    plan = fleet.plan(sql=["SELECT 'é'"])
    request = plan.request
    output = json.dumps(
        {
            "items": [asdict(item) for item in plan.items],
            "sql": request.sql,
            "tag": request.tag,
            "update": request.update,
        },
        sort_keys=True,
        default=str,
    )
    assert plan.hash == hashlib.sha256(output.encode()).hexdigest()


def faults_of(fleet: Fleet, **update: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        fleet.plan(update=update)
    assert not Rollout.objects.exists()
    return list(refused.value.faults)


def test_what_a_later_check_knows_is_told_for_every_instance_and_field(fleet: Fleet) -> None:
    item, other = fleet.make(), fleet.make()
    wrong = {
        "configuration_version": "juniper.2 ",
        "configuration_source_repo_url": "edx/configuration",
        "configuration_playbook_name": "/etc/x.yml",
        "flavor": "huge",
    }
    faults = faults_of(fleet, **wrong)
    assert {fault.rpartition("): ")[2].partition(":")[0] for fault in faults} == set(wrong)
    assert [sum(fault.startswith(f"{of}: ") for fault in faults) for of in (item, other)] == [4, 4]


def test_a_playbook_that_is_not_there_is_told_once_for_those_that_would_have_it(
    fleet: Fleet,
) -> None:
    item, _ = fleet.make(), fleet.make()
    fleet.world.provisioner.refusals["nosuch.yml"] = ValidationError(
        ["There is no playbook 'nosuch.yml' in builtin."], remedy="Set it to one of: a.yml."
    )
    assert faults_of(fleet, configuration_playbook_name="nosuch.yml") == [
        f"{item}: There is no playbook 'nosuch.yml' in builtin. Set it to one of: a.yml."
    ]


def test_a_repository_that_cannot_be_reached_just_now_is_no_fault_of_a_plan(fleet: Fleet) -> None:
    fleet.make()
    fleet.world.provisioner.refusals["later.yml"] = TransientError("It does not answer.")
    assert fleet.plan(update={"configuration_playbook_name": "later.yml"}).items


def test_what_would_keep_the_shop_from_working_is_told_when_planned(fleet: Fleet) -> None:
    make = fleet.make()
    keys = "ECOMMERCE_PAYMENT_PROCESSOR_CONFIG: {campus: {stripe: {secret_key: x}}}"
    faults = faults_of(
        fleet,
        configuration_extra_settings=f"SANDBOX_ENABLE_ECOMMERCE: true\n{keys}",
        partner_code="campus",
    )
    assert any("stripe needs values for publishable_key" in fault for fault in faults)
    assert all(fault.startswith(f"{make}: ") for fault in faults)


def test_a_search_server_that_the_upgrade_would_take_is_no_fault(fleet: Fleet) -> None:
    fleet.make()
    on = {"configuration_extra_settings": "SANDBOX_ENABLE_DISCOVERY: true"}
    assert any("no search server" in fault for fault in faults_of(fleet, **on))
    SearchServer.objects.create(name="main", host="search.example.com", port=9200)
    [item] = fleet.plan(update=on).items
    assert OpenEdXInstance.objects.get().search_server is None
    assert any(variable["path"] == ["DISCOVERY_ELASTICSEARCH_URL"] for variable in item.variables)


def test_it_says_what_is_lost_on_the_way_from_ansible_to_tutor(fleet: Fleet) -> None:
    fleet.world.add_tutor()
    extra = "EDXAPP_WORKERS: {lms: 4}\nEDXAPP_LANGUAGE_CODE: de"
    make = fleet.make(database_server="mysql", configuration_extra_settings=extra)
    to_tutor = {"provisioner": "tutor", "provider": "docker", "openedx_release": "release/ulmo.4"}
    plan = fleet.plan(update={**to_tutor, "edx_platform_commit": "release/ulmo.4"})
    notes = {text: style for text, style in plan_lines(plan) if text.startswith("Note on")}
    assert set(notes.values()) == {"yellow"}
    text = "\n".join(notes)
    assert "Without effect with Tutor: EDXAPP_WORKERS." in text
    assert f"former answers stay in {make.database_name}_edxapp_csmh" in text
    assert "Course content stays" in text
    assert "where the old app server has none, its links" in text  # the microfrontends'
    assert "Tutor needs a Redis server" in text  # what its check would refuse, later
    document = to_json(plan)
    assert document["moves"] == from_json(document).moves == plan.moves


def test_it_says_nothing_of_that_for_instances_that_tutor_has_already(fleet: Fleet) -> None:
    fleet.world.add_tutor()
    ulmo = {"openedx_release": "release/ulmo.4", "edx_platform_commit": "release/ulmo.4"}
    fleet.make(**ulmo, provisioner="tutor", provider="docker")
    assert not fleet.plan(update={"provisioner": "tutor", "name": "New"}).moves
