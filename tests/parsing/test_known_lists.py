"""Items of the lists whose structure Ocim knows, and what is valid but hardly meant."""

import pytest

from ocim.core.errors import ValidationError
from ocim.parsing.extra_settings import check_extra_settings, warnings_of

REPOSITORY = "{PROTOCOL: https, DOMAIN: d, PATH: p, REPO: r, VERSION: v, DESTINATION: /x}"


def faults(text: str) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        check_extra_settings(text)
    return [fault.removeprefix("configuration_extra_settings, ") for fault in caught.value.faults]


def jobs(*items: str) -> str:
    return "\n".join(["EDXAPP_ADDITIONAL_CRON_JOBS:", *(f"- {item}" for item in items)])


def test_a_cron_job_that_another_one_of_its_name_would_replace_is_refused() -> None:
    [fault] = faults(jobs("{name: a, job: x}", "{name: a, job: y}"))
    assert fault == (
        "line 3, column 4: the item in line 2 has this name, too, and would be lost."
        " Choose another name."
    )


@pytest.mark.parametrize("item", ["{job: x}", "{name: '', job: x}", "{name: , job: x}"])
def test_a_cron_job_without_a_name_is_refused(item: str) -> None:
    assert faults(jobs(item)) == [
        "line 2, column 3: this item of EDXAPP_ADDITIONAL_CRON_JOBS lacks name."
    ]


def test_a_line_break_in_a_cron_job_is_refused() -> None:
    [fault] = faults(jobs('{name: a, job: "x\\ny"}'))
    assert fault.startswith("line 2, column 13: job has a line break.")


def test_a_key_that_cron_jobs_do_not_have_is_refused_with_those_they_have() -> None:
    [fault] = faults(jobs("{name: a, job: x, minutes: 5}"))
    assert fault.startswith("line 2, column 21: an item of EDXAPP_ADDITIONAL_CRON_JOBS has no key")
    assert "minute" in fault


def test_a_block_of_text_that_ends_with_a_line_break_is_accepted() -> None:
    assert check_extra_settings(jobs("name: a\n  minute: 1\n  job: |\n    x"))


def test_a_repository_that_lacks_keys_names_all_of_them() -> None:
    assert faults("ECOMMERCE_REPOS: [{PROTOCOL: https, REPO: r}]") == [
        "line 1, column 19: this item of ECOMMERCE_REPOS lacks"
        " DOMAIN, PATH, VERSION and DESTINATION."
    ]


def test_a_repository_with_all_keys_is_accepted() -> None:
    assert check_extra_settings(f"ECOMMERCE_REPOS: [{REPOSITORY}]")


def test_a_cron_job_with_an_hour_and_no_minute_gets_a_warning() -> None:
    [warning] = warnings_of(jobs("{name: a, job: x, hour: 3}"))
    assert warning.startswith("configuration_extra_settings, line 2, column 3: this job runs")
    assert warnings_of(jobs("{name: a, job: x, hour: 3, minute: 0}")) == []


@pytest.mark.parametrize(
    "text, read", [("LANGUAGE: no", "false"), ("X: {Y: [de, NO]}", "false"), ("P: On", "true")]
)
def test_a_word_that_yaml_reads_as_true_or_false_gets_a_warning(text: str, read: str) -> None:
    [warning] = warnings_of(text)
    assert f"as {read}. Write {read}, or" in warning


@pytest.mark.parametrize(
    "text",
    ["LANGUAGE: 'no'", "LANGUAGE: false", "SANDBOX_ENABLE_ECOMMERCE: yes", "EDXAPP_ENABLE_X: no"],
)
def test_switches_and_texts_get_no_warning(text: str) -> None:
    assert warnings_of(text) == []
