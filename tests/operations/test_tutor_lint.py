"""The lint of an instance that Tutor provisions: its variables held against Tutor's settings."""

from pathlib import Path
from typing import Any

from ocim.operations.lint import lint
from ocim.operations.lint_report import Report, Severity, Status
from ocim.store.models import OpenEdXInstance
from tests.world import World

EXTRA = """
TUTOR_LANGUAGE_CODE: de
TUTOR_LANGUAGE_COD: de
EDXAPP_FEATURES_EXTRA: {ENABLE_X: true}
EDXAPP_WORKERS: {lms: 4}
TUTOR_MOUNTS: [/]
"""


def report(world: World, **fields: Any) -> Report:
    instance = world.make_instance(openedx_release="release/ulmo.4")
    OpenEdXInstance.objects.filter(pk=instance.pk).update(provisioner="tutor", **fields)
    instance.refresh_from_db()
    return lint(instance=instance, directory=Path("nowhere"), policy=world.policy)


def test_settings_of_tutor_and_variables_that_have_an_effect_are_known(world: World) -> None:
    found = {
        each.variable: each for each in report(world, configuration_extra_settings=EXTRA).findings
    }
    for name in ("TUTOR_LANGUAGE_CODE", "EDXAPP_FEATURES_EXTRA", "EDXAPP_LMS_BASE"):
        assert (found[name].status, found[name].severity) == (Status.KNOWN, Severity.INFO)


def test_an_unknown_setting_is_told_with_the_nearest_name(world: World) -> None:
    found = report(world, configuration_extra_settings=EXTRA).worth_saying()
    (item,) = [each for each in found if each.variable == "TUTOR_LANGUAGE_COD"]
    assert item.nearest == "TUTOR_LANGUAGE_CODE"
    assert "is no setting of Tutor 21" in item.text


def test_an_operators_variable_that_only_playbooks_read_is_told(world: World) -> None:
    found = report(world, configuration_extra_settings=EXTRA).worth_saying()
    assert "has no effect with Tutor" in next(
        each.text for each in found if each.variable == "EDXAPP_WORKERS"
    )


def test_what_keeps_tutor_from_running_it_is_told(world: World) -> None:
    warnings = "\n".join(report(world, configuration_extra_settings=EXTRA).warnings)
    assert "TUTOR_MOUNTS must not be set" in warnings
    assert "Tutor needs a MySQL server" in warnings
