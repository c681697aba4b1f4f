import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocim.core.errors import ValidationError
from ocim.parsing.extra_settings import (
    WHERE,
    check_extra_settings,
    check_together,
    warnings_of,
)
from ocim.parsing.yaml_text import parse_mapping
from tests.specification import CRON, CURRENCY, SERVICES


def faults(text: str) -> list[str]:
    """Return the fault of the text, without the name of the field."""
    with pytest.raises(ValidationError) as caught:
        check_extra_settings(text)
    return [fault.removeprefix("configuration_extra_settings, ") for fault in caught.value.faults]


def test_the_cron_example_of_the_documentation_passes() -> None:
    (job,) = check_extra_settings(CRON)["EDXAPP_ADDITIONAL_CRON_JOBS"]
    assert job["minute"] == "43"
    assert "{{ COMMON_BIN_DIR }}/manage.discovery" in job["job"]


def test_the_services_example_of_the_documentation_passes() -> None:
    settings = check_extra_settings(SERVICES)
    assert settings["SANDBOX_ENABLE_DISCOVERY"] is True
    # Indented, three dots are a text: in the documentation they stand for what was left out.
    assert settings["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"] == {"partn_id": {"paypal": "..."}}


def test_the_currency_example_of_the_documentation_passes() -> None:
    settings = check_extra_settings(CURRENCY)
    assert settings["EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY"] == ["gbp", "£"]
    assert settings["EDXAPP_LMS_ENV_EXTRA"]["COURSE_MODE_DEFAULTS"]["bulk_sku"] is None


def test_no_settings_are_fine() -> None:
    assert check_extra_settings("") == {}


@pytest.mark.parametrize(
    "text, place",
    [
        ("a: '{{ lookup(1) }}'", "line 1, column 8"),
        ("a: 1\nb:\n- c: '{{ lookup(1) }}'", "line 3, column 10"),
        ("'{{ lookup(1) }}': 1", "line 1, column 5"),
        ("a: |\n  fine\n  {{ lookup(1) }}\n", "line 3, column 6"),
        ("a: |\n  lookup\n\n  {{ lookup(1) }}\n", "line 4, column 6"),
        ("a: >\n  {{ fine }}\n  {{ lookup(1) }}\n", "line 3, column 6"),
        ('a: "lookup {{ x }}\n   {{ lookup(1) }}"', "line 1, column 5"),
        ("a: x\n  {{ lookup(1) }}", "line 2, column 6"),
        ("b: &x ['{{ lookup(1) }}']\nc: *x", "line 1, column 12"),
        ('a: "{{ \\x6cookup(1) }}"', "line 1, column 4"),
        ("a: |\n  fine\n  {{ a b }}\n", "line 3, column 3"),
    ],
)
def test_a_template_that_would_run_on_the_manager_is_refused_where_it_stands(
    text: str, place: str
) -> None:
    assert place in [fault.split(":")[0] for fault in faults(text)]


@pytest.mark.parametrize(
    "setting",
    [
        "SANDBOX_ENABLE_ECOMMERCE: maybe",
        "SANDBOX_ENABLE_ECOMMERCE:",
        "SANDBOX_ENABLE_ECOMMERCE: 77",
        "SANDBOX_ENABLE_ECOMMERCE: [yes]",
        "SANDBOX_ENABLE_ECOMMERCE: lookup('pipe', 'id')",
        "SANDBOX_ENABLE_DISCOVERY: '{{ other }}'",
        "DISCOVERY_VERSION: 1.10",
        "EDXAPP_LMS_BASE:",
        "EDXAPP_LMS_ENV_EXTRA:",
        "EDXAPP_LMS_ENV_EXTRA: [a]",
        "EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY: gbp",
        "EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY: [1]",
        "EDXAPP_ADDITIONAL_CRON_JOBS: {name: x}",
        "EDXAPP_ADDITIONAL_CRON_JOBS: [x]",
        "EDXAPP_EMAIL_PORT: three",
        "EDXAPP_EMAIL_PORT: true",
    ],
)
def test_a_known_variable_of_a_wrong_type_is_refused_without_its_value(setting: str) -> None:
    name, _, value = setting.partition(":")
    wrong = next(fault for fault in faults(f"fine: 1\n{setting}") if "must be" in fault)
    assert wrong.startswith(f"line 2, column 1: {name} must be ")
    assert not value.strip() or value.strip() not in wrong


@pytest.mark.parametrize(
    "name",
    ["EDXAPP_MYSQL_DB_NAME", "ECOMMERCE_DATABASE_USER", "DISCOVERY_DEFAULT_DB_NAME",
     "COMMON_MYSQL_MIGRATE_PASS"],
)  # fmt: skip
def test_a_name_of_the_instances_databases_is_refused_where_it_stands(name: str) -> None:
    [fault] = faults(f"fine: 1\n{name}: edxapp")
    assert fault.startswith(f"line 2, column 1: Ocim sets {name}")
    assert "ocim database-server register" in fault


S3 = "EDXAPP_DEFAULT_FILE_STORAGE: storages.backends.s3boto.S3BotoStorage\n"
SWIFT = "EDXAPP_DEFAULT_FILE_STORAGE: swift.storage.SwiftStorage\n"
IN_SWIFT = "EDXAPP_SWIFT_AUTH_URL: https://keystone.example.com/v3\nEDXAPP_SWIFT_USERNAME: u\n"
OF_PROJECT = f"{IN_SWIFT}EDXAPP_SWIFT_KEY: k\nEDXAPP_SWIFT_TENANT_ID: t\n"
OF_DISCOVERY = "DISCOVERY_MEDIA_STORAGE_BACKEND: {DEFAULT_FILE_STORAGE: x.S3Boto3Storage}\n"


@pytest.mark.parametrize(
    "text, lacking",
    [
        (S3, ["EDXAPP_AWS_STORAGE_BUCKET_NAME"]),
        (f"{S3}EDXAPP_AWS_STORAGE_BUCKET_NAME:\n", ["EDXAPP_AWS_STORAGE_BUCKET_NAME"]),
        (
            f"{S3}EDXAPP_AWS_STORAGE_BUCKET_NAME: b\nEDXAPP_AWS_ACCESS_KEY_ID: a\n",
            ["EDXAPP_AWS_SECRET_ACCESS_KEY"],
        ),
        (
            f"{SWIFT}{IN_SWIFT}",
            ["EDXAPP_SWIFT_KEY", "EDXAPP_SWIFT_TENANT_NAME", "SWIFT_CONTAINER_NAME"],
        ),
        (
            f"{SWIFT}{OF_PROJECT}EDXAPP_SWIFT_AUTH_VERSION: 3\n",
            ["SWIFT_CONTAINER_NAME", "SWIFT_PROJECT_DOMAIN_NAME", "SWIFT_USER_DOMAIN_NAME"],
        ),
        (OF_DISCOVERY, ["AWS_STORAGE_BUCKET_NAME"]),
    ],
)
def test_object_storage_without_what_it_needs_is_refused_where_it_is_chosen(
    text: str, lacking: list[str]
) -> None:
    text = f"fine: 1\n{text}"
    with pytest.raises(ValidationError) as refused:
        check_together(parse_mapping(text).value, [(WHERE, text)])
    output = refused.value.faults
    assert [fault.split("but ")[1].split()[0] for fault in output] == lacking
    assert all(fault.startswith(f"{WHERE}, line 2, column 1: ") for fault in output)
    assert list(output) == warnings_of(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{S3}EDXAPP_AWS_STORAGE_BUCKET_NAME: b\n",
        f"{S3}EDXAPP_AWS_STORAGE_BUCKET_NAME: '{{{{ mine }}}}'\nmine: b\n",
        f"{SWIFT}{OF_PROJECT}EDXAPP_LMS_ENV_EXTRA: {{SWIFT_CONTAINER_NAME: c}}\n",
        f"{SWIFT}{OF_PROJECT}EDXAPP_SETTINGS: openstack\nEDXAPP_AWS_STORAGE_BUCKET_NAME: c\n",
        f"{SWIFT}{IN_SWIFT}EDXAPP_SWIFT_KEY: k\nEDXAPP_SWIFT_AUTH_VERSION: 1\n"
        "EDXAPP_LMS_ENV_EXTRA: {SWIFT_CONTAINER_NAME: c}\n",
        f"{SWIFT}{OF_PROJECT}EDXAPP_SWIFT_AUTH_VERSION: '3'\nEDXAPP_LMS_ENV_EXTRA: {{"
        "SWIFT_CONTAINER_NAME: c, SWIFT_USER_DOMAIN_ID: d, SWIFT_PROJECT_DOMAIN_NAME: d}\n",
        "EDXAPP_AWS_STORAGE_BUCKET_NAME: b\n",
    ],
)
def test_object_storage_with_what_it_needs_is_accepted(text: str) -> None:
    check_together(check_extra_settings(text), [(WHERE, text)])


def test_a_bucket_that_nothing_uses_is_warned_of() -> None:
    [warning] = warnings_of("fine: 1\nEDXAPP_AWS_STORAGE_BUCKET_NAME: b\n")
    assert "line 2, column 1: no upload goes to the bucket b" in warning
    assert warnings_of(f"{S3}EDXAPP_AWS_STORAGE_BUCKET_NAME: b\n") == []
    container = "EDXAPP_SETTINGS: openstack\nEDXAPP_AWS_STORAGE_BUCKET_NAME: b\n"
    assert warnings_of(f"{SWIFT}{OF_PROJECT}{container}") == []


@pytest.mark.parametrize(
    "value, read",
    [("yes", True), ("'on'", True), ("1", True), ("T", True), ("'no'", False), ("0", False),
     ("FALSE", False)],
)  # fmt: skip
def test_a_switch_may_be_written_in_all_ways_of_ansible(value: str, read: Any) -> None:
    settings = check_extra_settings(f"SANDBOX_ENABLE_ECOMMERCE: {value}")
    assert settings == {"SANDBOX_ENABLE_ECOMMERCE": read}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("ansible_connection: local", "ansible_connection is reserved"),
        ("ocim_host_root: /", "ocim_host_root is reserved"),
        ("MY-NAME: 1", "use only letters, digits and _"),
        ("'': 1", "use only letters, digits and _"),
        ("\u00a0B: 2", "use only letters, digits and _. Character 1 is a no-break space (U+00A0)."),
        ("1A: 1", "use only letters, digits and _"),
    ],
)
def test_names_that_are_not_for_settings_are_refused(text: str, expected: str) -> None:
    (fault,) = faults(text)
    assert fault.startswith("line 1, column 1: ")
    assert expected in fault


def test_faults_of_every_sort_are_told_at_once() -> None:
    text = "a: 1\na: 2\nb: '{{ lookup(1) }}'\nEDXAPP_LMS_BASE: 1\nansible_user: x\nc: !x y\n"
    assert [fault.split(",")[0] for fault in faults(text)] == [
        "line 2", "line 3", "line 4", "line 5", "line 6"
    ]  # fmt: skip


@given(st.text("ab:- \n'\"{}[]%&*!|>lookup(),_1#", max_size=60))
def test_any_text_is_taken_or_refused_and_nothing_else_happens(text: str) -> None:
    with contextlib.suppress(ValidationError):
        assert isinstance(check_extra_settings(text), dict)


def test_keys_below_a_name_may_be_numbers_switches_and_null() -> None:
    text = "DISCOVERY_PARLER_LANGUAGES: {1: [{code: fr}], default: {no: a}, ~: x, 1.5: y}"
    assert check_extra_settings(text)["DISCOVERY_PARLER_LANGUAGES"] == {
        1: [{"code": "fr"}],
        "default": {False: "a"},
        None: "x",
        1.5: "y",
    }


def test_a_key_that_python_takes_for_another_one_is_refused_with_its_line() -> None:
    [fault] = faults("X:\n  1: a\n  yes: b\n")
    assert fault == "line 3, column 3: yes is already set in line 2."


@pytest.mark.parametrize(
    "value, remedy",
    [
        ("!vault x", "Ocim stores these settings encrypted"),
        ("!unsafe x", "between {% raw %} and {% endraw %}"),
        ("'a{{b'", "write {% raw %} before it"),
        ("'a{#b'", "write {% raw %} before it"),
    ],
)
def test_the_remedy_for_what_only_ansible_has_is_told(value: str, remedy: str) -> None:
    [fault] = faults(f"PASSWORD: {value}")
    assert remedy in fault
