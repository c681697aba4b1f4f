import json
from pathlib import Path
from typing import Any

import pytest

from ocim.core.errors import ValidationError
from ocim.operations.lint import lint
from ocim.operations.lint_report import Finding, Report, Severity, Status
from tests.specification import CRON, CURRENCY, SERVICES
from tests.world import World

BUILTIN = Path(__file__).resolve().parents[2] / "playbooks"
UNEQUAL = (Severity.ERROR, Status.KNOWN)
DEFAULTS = """
EDXAPP_PLATFORM_NAME: Your Platform Name Here
EDXAPP_LMS_ENV_EXTRA: {}
ECOMMERCE_BROKER_HOST: localhost
ECOMMERCE_BROKER_URL: "amqp://{{ ECOMMERCE_BROKER_HOST }}/"
ECOMMERCE_EDX_API_KEY: PUT_YOUR_API_KEY_HERE
EDXAPP_EDX_API_KEY: PUT_YOUR_API_KEY_HERE
EDXAPP_ADDITIONAL_CRON_JOBS: []
"""
PLAY = """
- hosts: all
  vars: {DEMO_ROLE_ENABLED: true}
  roles: [{role: ecommerce, when: SANDBOX_ENABLE_ECOMMERCE}]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    role = tmp_path / "playbooks/roles/ecommerce"
    (role / "defaults").mkdir(parents=True)
    (role / "defaults/main.yml").write_text(DEFAULTS)
    (role / "tasks").mkdir()
    (role / "tasks/main.yml").write_text("- debug: msg={{ ECOMMERCE_BROKER_URL }}\n")
    (tmp_path / "playbooks/openedx_native.yml").write_text(PLAY)
    return tmp_path


def report(world: World, directory: Path, extra: str = "", **fields: Any) -> Report:
    instance = world.make_instance(configuration_extra_settings=extra, **fields)
    return lint(instance=instance, directory=directory, policy=world.policy)


def finding(found: Report, variable: str) -> Finding:
    [item] = [each for each in found.findings if each.variable == variable]
    return item


def test_what_the_repository_knows_is_known_with_its_place_and_default(
    world: World, checkout: Path
) -> None:
    item = finding(report(world, checkout), "EDXAPP_PLATFORM_NAME")
    assert (item.status, item.severity, item.layer) == (Status.KNOWN, Severity.INFO, "defaults")
    assert (item.origin, item.file, item.line) == (
        "role ecommerce",
        "playbooks/roles/ecommerce/defaults/main.yml",
        2,
    )
    assert item.default == "Your Platform Name Here"


def test_the_plays_own_value_is_named_rather_than_a_roles(world: World, checkout: Path) -> None:
    item = finding(report(world, checkout), "DEMO_ROLE_ENABLED")
    assert (item.origin, item.default) == ("play openedx_native.yml", True)


def test_a_slip_of_an_operator_is_told_with_the_nearest_name(world: World, checkout: Path) -> None:
    item = finding(report(world, checkout, "EDXAPP_PLATFROM_NAME: x"), "EDXAPP_PLATFROM_NAME")
    assert (item.status, item.severity) == (Status.UNKNOWN, Severity.WARNING)
    assert item.nearest == "EDXAPP_PLATFORM_NAME"
    assert "Was EDXAPP_PLATFORM_NAME meant?" in item.text


def test_what_is_like_nothing_has_no_nearest_name(world: World, checkout: Path) -> None:
    item = finding(report(world, checkout, "wholly_different: x"), "wholly_different")
    assert (item.status, item.nearest) == (Status.UNKNOWN, "")


def test_a_repository_that_knows_mysql_alone_is_an_error_for_other_databases(
    world: World, checkout: Path
) -> None:
    fault = finding(report(world, checkout), "EDXAPP_DATABASE_ENGINE")
    assert (fault.status, fault.severity) == (Status.UNKNOWN, Severity.ERROR)
    assert "`ocim database-server`" in fault.text


def test_what_ocim_sets_for_other_repositories_is_no_reason_to_worry(
    world: World, checkout: Path
) -> None:
    item = finding(report(world, checkout), "FORUM_API_KEY")
    assert (item.status, item.severity) == (Status.UNKNOWN, Severity.INFO)


def test_a_variable_of_an_operators_own_is_known_where_another_setting_uses_it(
    world: World, checkout: Path
) -> None:
    result = report(world, checkout, "my_name: x\nEDXAPP_PLATFORM_NAME: '{{ my_name }}'")
    assert finding(result, "my_name").status is Status.KNOWN


def test_a_setting_over_a_generated_one_names_the_layer_below(world: World, checkout: Path) -> None:
    item = finding(report(world, checkout, "EDXAPP_PLATFORM_NAME: x"), "EDXAPP_PLATFORM_NAME")
    assert (item.status, item.severity) == (Status.OVERRIDDEN, Severity.INFO)
    assert (item.layer, item.by) == ("defaults", "configuration_extra_settings")


def test_a_part_of_what_is_set_as_a_whole_has_no_effect(world: World, checkout: Path) -> None:
    extra = "ECOMMERCE_BROKER_HOST: mq\nECOMMERCE_BROKER_URL: amqp://other/"
    item = finding(report(world, checkout, extra), "ECOMMERCE_BROKER_HOST")
    assert (item.status, item.severity) == (Status.OVERRIDDEN, Severity.WARNING)
    assert item.by == "ECOMMERCE_BROKER_URL"


def test_a_part_has_its_effect_where_the_whole_is_composed(world: World, checkout: Path) -> None:
    item = finding(report(world, checkout, "ECOMMERCE_BROKER_HOST: mq"), "ECOMMERCE_BROKER_HOST")
    assert item.status is Status.KNOWN


def test_turning_on_what_is_off_for_safety_is_warned_of(world: World, checkout: Path) -> None:
    item = finding(report(world, checkout, "DEMO_ROLE_ENABLED: yes"), "DEMO_ROLE_ENABLED")
    assert item.severity is Severity.WARNING
    assert "staff user with a known password" in item.text


@pytest.mark.parametrize("job, severity", [
    ("true", Severity.WARNING), ("manage.discovery refresh_course_metadata", Severity.INFO),
])  # fmt: skip
def test_cron_jobs_that_leave_out_discoverys_are_warned_of(
    world: World, checkout: Path, job: str, severity: Severity
) -> None:
    extra = f"""
SANDBOX_ENABLE_DISCOVERY: yes
EDXAPP_ADDITIONAL_CRON_JOBS: [{{name: mine, job: "{job}"}}]
"""
    result = report(world, checkout, extra, configuration_source_repo_url="https://example.com/c")
    assert finding(result, "EDXAPP_ADDITIONAL_CRON_JOBS").severity is severity


def test_two_settings_that_must_agree_and_do_not_are_an_error(world: World, checkout: Path) -> None:
    extra = """
SANDBOX_ENABLE_ECOMMERCE: yes
EDXAPP_EDX_API_KEY: one-long-key
ECOMMERCE_EDX_API_KEY: another
"""
    findings = report(world, checkout, extra).findings
    [error] = [each for each in findings if (each.severity, each.status) == UNEQUAL]
    assert error.variable == "ECOMMERCE_EDX_API_KEY"
    assert "the same as EDXAPP_EDX_API_KEY" in error.text


def test_ecommerce_is_warned_of_on_releases_that_have_it_no_more(
    world: World, checkout: Path
) -> None:
    result = report(
        world, checkout, "SANDBOX_ENABLE_ECOMMERCE: yes", openedx_release="release/teak.1"
    )
    assert "no part of the instance's release" in " ".join(
        item.text for item in result.worth_saying()
    )


def test_prices_that_cannot_be_read_and_indexes_without_a_prefix_are_warned_of(
    world: World, checkout: Path
) -> None:
    extra = """
SANDBOX_ENABLE_ECOMMERCE: yes
SANDBOX_ENABLE_DISCOVERY: yes
DISCOVERY_ELASTICSEARCH_URL: http://search.example.com:9200/
"""
    result = report(world, checkout, extra, openedx_release="open-release/redwood.1")
    output = {item.variable: item.text for item in result.worth_saying()}
    assert "reads `price_excl_tax`" in output["DISCOVERY_VERSION"]
    assert "learner_pathway" in output["DISCOVERY_ELASTICSEARCH_URL"]


def test_a_report_is_json_and_holds_no_secret(world: World, checkout: Path) -> None:
    result = report(world, checkout, "SHOP_PASSWORD: hunter-2\nEDXAPP_EDX_API_KEY: hunter-3")
    text = json.dumps(result.as_data())
    assert "hunter" not in text
    assert '"severity": "warning"' in text


def test_settings_that_are_wrong_are_refused_as_they_are_elsewhere(
    world: World, checkout: Path
) -> None:
    instance = world.make_instance()
    instance.configuration_extra_settings = "a: ["
    with pytest.raises(ValidationError, match="configuration_extra_settings, line"):
        lint(instance=instance, directory=checkout, policy=world.policy)


# Mail that only people read, roles that the built-in playbooks have no part of, and safety where
# upstream is unsafe. What is not here has to be known there.
IGNORED = """
openedx_release edx_platform_repo
EDXAPP_CONTACT_EMAIL EDXAPP_TECH_SUPPORT_EMAIL EDXAPP_BUGS_EMAIL EDXAPP_DEFAULT_SERVER_EMAIL
EDXAPP_PREVIEW_LMS_BASE COMMON_LMS_BASE_URL COMMON_OAUTH_BASE_URL COMMON_HOSTNAME CONFIGURE_JWTS
DEMO_ROLE_ENABLED EDXAPP_LMS_NGINX_PORT EDXAPP_CMS_NGINX_PORT NGINX_SET_X_FORWARDED_HEADERS
EDXAPP_COMMENTS_SERVICE_KEY FORUM_API_KEY
COMMON_HTPASSWD_PASS COMMON_MYSQL_ADMIN_PASS
EDXAPP_FERNET_KEYS EDXAPP_RETIRED_USER_SALTS EDXAPP_XQUEUE_DJANGO_AUTH
XQUEUE_DJANGO_USERS CERTS_QUEUE_PASS
MONGO_ADMIN_PASSWORD MONGO_CLUSTER_KEY MONGO_USERS EDXAPP_MONGO_PASSWORD FORUM_MONGO_PASSWORD
RABBIT_ADMIN_PASSWORD SANDBOX_ENABLE_ANALYTICS_API
SANDBOX_ENABLE_INSIGHTS ecommerce_create_demo_data credentials_create_demo_data
"""


@pytest.mark.parametrize("release", ["open-release/ironwood.2", "open-release/juniper.2"])
def test_the_built_in_playbooks_know_what_is_generated_for_the_lms(
    world: World, release: str
) -> None:
    result = report(
        world, BUILTIN, openedx_release=release, configuration_playbook_name="openedx_native.yml"
    )
    unknown = {item.variable for item in result.findings if item.status is Status.UNKNOWN}
    clients = {name for name in unknown if "_OAUTH2_" in name or "_OIDC_" in name}
    of_release = {"COMMON_XQUEUE_LMS_PASSWORD"} if "juniper" in release else set()
    notifier = {name for name in unknown if name.startswith("NOTIFIER_")}
    assert len(notifier) == 3
    assert unknown - clients - notifier - of_release == set(IGNORED.split())


def test_nothing_in_the_built_in_playbooks_is_unreadable(world: World) -> None:
    result = report(world, BUILTIN)
    assert result.unreadable == ()
    assert result.worth_saying() == ()


def test_a_name_that_nothing_defines_is_an_error_with_the_nearest(
    world: World, checkout: Path
) -> None:
    extra = "EDXAPP_PLATFORM_NAME: '{{ EDXAPP_EDX_API_KEYS }} {{ ansible_host }} {{ x | d(1) }}'"
    reports = report(world, checkout, extra).findings
    [finding] = [each for each in reports if "nothing defines" in each.text]
    assert (finding.variable, finding.severity) == ("EDXAPP_PLATFORM_NAME", Severity.ERROR)
    assert "uses EDXAPP_EDX_API_KEYS" in finding.text
    assert finding.nearest == "EDXAPP_EDX_API_KEY"


def test_a_name_of_ocims_own_that_the_playbooks_do_not_use_is_told_so(
    world: World, checkout: Path
) -> None:
    output = finding(report(world, checkout, "COMMON_HOSTNAME: app"), "COMMON_HOSTNAME")
    assert output.text == "is set, but these playbooks do not use it."


def test_another_address_than_the_balancers_is_warned_of(world: World, checkout: Path) -> None:
    defaults = checkout / "playbooks/roles/ecommerce/defaults/main.yml"
    defaults.write_text(f"{DEFAULTS}EDXAPP_LMS_BASE: x\n")
    address = finding(
        report(world, checkout, "EDXAPP_LMS_BASE: other.example.com"), "EDXAPP_LMS_BASE"
    )
    assert address.severity is Severity.WARNING
    assert "change its domains" in address.text


@pytest.mark.parametrize("value", ["''", "!!null"])
def test_no_keys_for_tokens_are_an_error(world: World, checkout: Path, value: str) -> None:
    defaults = checkout / "playbooks/roles/ecommerce/defaults/main.yml"
    defaults.write_text(f"{DEFAULTS}COMMON_JWT_PUBLIC_SIGNING_JWK_SET: ''\n")
    name = "COMMON_JWT_PUBLIC_SIGNING_JWK_SET"
    assert finding(report(world, checkout, f"{name}: {value}"), name).severity is Severity.ERROR


def test_the_documented_settings_use_only_what_is_defined(world: World) -> None:
    result = report(world, BUILTIN, CRON + SERVICES + CURRENCY)
    assert not [each for each in result.findings if each.severity is Severity.ERROR]


def test_a_report_has_the_warnings_of_the_settings(world: World, checkout: Path) -> None:
    [warning] = report(world, checkout, "LANGUAGE: no").warnings
    assert "YAML reads no as false" in warning


def test_a_class_of_storage_that_the_release_lacks_is_warned_of(
    world: World, checkout: Path
) -> None:
    extra = (
        "EDXAPP_DEFAULT_FILE_STORAGE: storages.backends.s3boto.S3BotoStorage\n"
        "EDXAPP_AWS_STORAGE_BUCKET_NAME: campus\n"
    )
    result = report(world, checkout, extra, openedx_release="open-release/quince.1")
    texts = [item.text for item in result.worth_saying() if item.variable.endswith("FILE_STORAGE")]
    assert any("is gone since quince" in text for text in texts)
