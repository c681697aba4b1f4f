"""The commands that set up each release, and the traps of the documented ones."""

from typing import Any

import pytest

from ocim.catalog.steps.all_steps import steps_of
from ocim.catalog.steps.lms import MIGRATED
from ocim.catalog.steps.runbook import lines
from ocim.catalog.steps.step import Command, Crontab, Observation, Script, StepAction, StepInputs
from ocim.core.instance import Instance
from ocim.core.secrets import Secret
from tests.catalog.instances import DISCOVERY, ECOMMERCE, full, variables

PAYPAL = {"mode": "sandbox", "client_id": "id", "client_secret": "secret"}
NOTHING: Observation = {
    "fields": None,
    "users": {},
    "names": {},
    "of_group": [],
    "wanted": ["course_modes:coursemode:change_coursemode"],
}
SITE = ("--site-domain", "--site-name", "--partner-code", "--partner-name", "--lms-url-root",
        "--payment-processors", "--client-side-payment-processor", "--from-email",
        "--discovery_api_url")  # fmt: skip
PARTNER = ("--site-id", "--site-domain", "--code", "--name", "--courses-api-url",
           "--ecommerce-api-url", "--organizations-api-url")  # fmt: skip


def of(release: str, **changes: Any) -> Instance:
    shop = {"partner_code": "ACME", "payment_processors": {"paypal": PAYPAL}}
    return full(openedx_release=release, edx_platform_commit=release, **{**shop, **changes})


def setup_of(instance: Instance) -> StepInputs:
    return StepInputs(
        instance, variables(instance), fingerprint=lambda secret: f"mark of {len(str(secret))}"
    )


def actions(instance: Instance, step: str, observed: Observation = NOTHING) -> list[StepAction]:
    inputs = setup_of(instance)
    [result] = [item for item in steps_of(instance) if item.name == step]
    fields = result.wanted(inputs)
    return result.actions(inputs, fields, {**observed, "fields": observed["fields"] or {}})


def argvs(instance: Instance, step: str, observed: Observation = NOTHING) -> list[list[str]]:
    """Return the words of each command, with secrets in clear text."""
    return [
        [word.reveal() if isinstance(word, Secret) else str(word) for word in action.words]
        for action in actions(instance, step, observed)
        if isinstance(action, Command)
    ]


def flags(argv: list[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in argv if word.startswith("--") and "=" in word)


@pytest.mark.parametrize(
    "release, command, number",
    [("ironwood.2", "create_oauth2_client", 2), ("juniper.2", "create_dot_application", 4),
     ("lilac.1", "create_dot_application", 4)],
)  # fmt: skip
def test_a_release_has_its_own_command_for_clients_and_number_of_them(
    release: str, command: str, number: int
) -> None:
    made = argvs(of(release), "clients")
    assert [argv[0] for argv in made] == [command] * number


def test_the_clients_of_juniper_are_attached_to_the_workers_and_skip_the_question() -> None:
    sign_on, backend, *_ = argvs(of("juniper.2"), "clients")
    assert sign_on[1:3] == ["ecommerce-sso", "ecommerce_worker"]
    assert sign_on[-5:] == [
        "--redirect-uris", "https://ecommerce.demo.localhost/complete/edx-oauth2/",
        "--skip-authorization", "--scopes", "user_id",
    ]  # fmt: skip
    assert backend[1:5] == [
        "ecommerce-backend-service", "ecommerce_worker", "--grant-type", "client-credentials",
    ]  # fmt: skip


def test_the_client_of_ironwood_comes_back_by_openid_connect() -> None:
    [client, _] = argvs(of("ironwood.2"), "clients")
    assert client[1:3] == [
        "https://ecommerce.demo.localhost",
        "https://ecommerce.demo.localhost/complete/edx-oidc/",
    ]
    assert client[-1] == "--trusted"


def test_a_client_that_is_there_keeps_its_name() -> None:
    observed = {**NOTHING, "names": {"ecommerce.sign-on": "mine"}}
    assert argvs(of("juniper.2"), "clients", observed)[0][1] == "mine"


def test_only_clients_that_differ_are_touched() -> None:
    inputs = setup_of(of("juniper.2"))
    [step] = [item for item in steps_of(inputs.instance) if item.name == "clients"]
    fields = {**step.wanted(inputs), "discovery.backend.secret": "another"}
    [argv] = argvs(inputs.instance, "clients", {**NOTHING, "fields": fields})
    assert argv[1] == "discovery-backend-service"


@pytest.mark.parametrize(
    "release, clients",
    [
        ("ironwood.2", ("--client-id", "--client-secret")),
        ("juniper.2", ("--sso-client-id", "--sso-client-secret", "--backend-service-client-id",
                       "--backend-service-client-secret")),
        ("lilac.1", ("--sso-client-id", "--sso-client-secret", "--backend-service-client-id",
                     "--backend-service-client-secret")),
    ],
)  # fmt: skip
def test_the_site_is_made_with_all_flags_of_the_release(
    release: str, clients: tuple[str, ...]
) -> None:
    [argv] = argvs(of(release), "site")
    assert argv[0] == "create_or_update_site"
    assert set(flags(argv)) == {*SITE, *clients}


def test_the_site_is_told_its_payment_processors_which_a_rerun_would_empty() -> None:
    [argv] = argvs(of("juniper.2"), "site")
    assert flags(argv)["--payment-processors"] == "paypal"


def test_the_mail_of_the_site_is_the_lms_s() -> None:
    [argv] = argvs(of("juniper.2"), "site")
    assert flags(argv)["--from-email"] == "ops@example.com"


def test_stripe_is_used_on_the_baskets_page_and_listed_too() -> None:
    keys = {"publishable_key": "pk", "secret_key": "sk", "country": "GB"}
    [argv] = argvs(of("juniper.2", payment_processors={"stripe": keys}), "site")
    assert flags(argv)["--client-side-payment-processor"] == "stripe"
    assert flags(argv)["--payment-processors"] == "stripe"


def test_a_basket_elsewhere_that_somebody_set_up_is_kept() -> None:
    kept = {
        "--enable-microfrontend-for-basket-page": True,
        "--payment-microfrontend-url": "https://pay.example.com",
    }
    observed = {**NOTHING, "site_id": 3, "kept": kept}
    arguments = flags(argvs(of("lilac.1"), "site", observed)[0])
    assert arguments["--site-id"] == "3"
    assert arguments["--enable-microfrontend-for-basket-page"] == "true"
    assert arguments["--payment-microfrontend-url"] == "https://pay.example.com"


def test_the_address_of_a_basket_elsewhere_is_kept_while_it_is_off() -> None:
    kept = {"--payment-microfrontend-url": "https://pay.example.com"}
    [site] = actions(of("lilac.1"), "site", {**NOTHING, "site_id": 3, "kept": kept})
    assert isinstance(site, Command)
    assert site.then
    assert site.then.function == "ecommerce.keep_basket"
    assert site.then.arguments["url"] == "https://pay.example.com"
    command, instruction = lines(site, setup_of(of("lilac.1")).traits, reveal=False)
    assert "create_or_update_site" in command
    assert "https://pay.example.com" in instruction


def test_without_one_the_flag_whose_every_value_is_true_is_left_out() -> None:
    assert "--enable-microfrontend-for-basket-page" not in flags(argvs(of("lilac.1"), "site")[0])


KEPT = {
    "--segment-key": "segment",
    "--enable-enrollment-codes": True,
    "--payment-support-email": "help@example.com",
    "--payment-support-url": "https://help.example.com",
    "--send-refund-notifications": True,
    "--base-cookie-domain": ".example.com",
}


@pytest.mark.parametrize(
    "release, more",
    [
        ("ginkgo.1", {}),
        ("hawthorn.2", {}),
        ("ironwood.2", {"--journals_api_url": "https://journals.example.com"}),
        ("juniper.2", {"--lms-public-url-root": "https://lms.example.com"}),
        ("sumac.1", {"--lms-public-url-root": "https://lms.example.com"}),
    ],
)
def test_what_an_operator_set_in_the_sites_configuration_is_said_again(
    release: str, more: dict[str, Any]
) -> None:
    instance, kept = of(release), KEPT | more
    [step] = [item for item in steps_of(instance) if item.name == "site"]
    asked = step.observer_arguments(setup_of(instance))["kept"]
    frontend = {"--enable-microfrontend-for-basket-page", "--payment-microfrontend-url"}
    assert set(asked) - frontend == set(kept)
    [argv] = argvs(instance, "site", {**NOTHING, "kept": kept})
    assert "--send-refund-notifications" in argv
    output = flags(argv)
    assert output["--enable-enrollment-codes"] == "true"
    texts = {flag: value for flag, value in kept.items() if value is not True}
    assert {flag: output[flag] for flag in texts} == texts


def test_a_segment_key_that_is_said_again_is_a_secret() -> None:
    [command] = actions(of("juniper.2"), "site", {**NOTHING, "kept": KEPT})
    assert isinstance(command, Command)
    assert not any("segment" in str(word) for word in command.words)


@pytest.mark.parametrize("field", ["--partner-code", "--partner-name"])
def test_a_partners_code_and_name_which_the_command_leaves_are_set_by_a_program(
    field: str,
) -> None:
    instance = of("juniper.2")
    [step] = [item for item in steps_of(instance) if item.name == "site"]
    present = step.wanted(setup_of(instance)) | {field: "other"}
    [command, script] = actions(instance, "site", {**NOTHING, "fields": present})
    assert isinstance(command, Command)
    assert isinstance(script, Script)
    assert script.function == "ecommerce.set_partner"
    assert script.arguments == {"code": "ACME", "name": instance.name}


def test_a_client_of_another_user_is_attached_before_its_command_looks_for_it() -> None:
    inputs = setup_of(of("juniper.2"))
    [step] = [item for item in steps_of(inputs.instance) if item.name == "clients"]
    fields = {**step.wanted(inputs), "ecommerce.backend.user": "somebody"}
    observed = {**NOTHING, "fields": fields, "names": {"ecommerce.backend": "mine"}}
    [script, command] = actions(inputs.instance, "clients", observed)
    assert isinstance(script, Script)
    assert script.function == "lms.set_client_user"
    assert script.arguments == {
        "client": "ecommerce-backend-service-edx-oauth2", "user": "ecommerce_worker"
    }  # fmt: skip
    assert isinstance(command, Command)
    assert command.words[1:3] == ("mine", "ecommerce_worker")


@pytest.mark.parametrize(
    "release, more",
    [
        ("hawthorn.2", ("--oidc-url-root", "--oidc-key", "--oidc-secret")),
        ("ironwood.2", ("--oidc-url-root", "--oidc-key", "--oidc-secret")),
        ("juniper.2", ("--lms-url",)),
        ("koa.1", ("--lms-url",)),
        ("lilac.1", ("--lms-url", "--lms-coursemode-api-url", "--studio-url")),
        ("sumac.1", ("--lms-url", "--lms-coursemode-api-url", "--studio-url")),
    ],
)
def test_the_partner_is_made_with_the_flags_of_the_release(
    release: str, more: tuple[str, ...]
) -> None:
    [argv] = argvs(of(release), "partner")
    assert tuple(flags(argv)) == (*PARTNER, *more)


def test_the_partner_of_ginkgo_has_no_site() -> None:
    [argv] = argvs(of("ginkgo.1"), "partner")
    assert next(iter(flags(argv))) == "--code"


def test_the_partner_is_the_same_in_both_services() -> None:
    [site], [partner] = argvs(of("juniper.2"), "site"), argvs(of("juniper.2"), "partner")
    assert flags(site)["--partner-code"] == flags(partner)["--code"] == "ACME"


def test_the_url_of_organizations_has_its_slash() -> None:
    [argv] = argvs(of("juniper.2"), "partner")
    assert flags(argv)["--organizations-api-url"].endswith("/api/organizations/v0/")


def test_urls_that_an_operator_added_to_the_partner_are_said_again() -> None:
    observed = {**NOTHING, "fields": {"--programs-api-url": "https://programs.example.com/"}}
    [argv] = argvs(of("juniper.2"), "partner", observed)
    assert flags(argv)["--programs-api-url"] == "https://programs.example.com/"


def test_without_a_shop_the_catalogue_reads_none() -> None:
    [argv] = argvs(of("juniper.2", services=DISCOVERY), "partner")
    assert flags(argv)["--ecommerce-api-url"] == ""


@pytest.mark.parametrize("release", ["ginkgo.1", "juniper.2", "lilac.1"])
def test_indexes_are_created_and_courses_are_read_before_they_are_indexed(release: str) -> None:
    assert argvs(of(release), "indexes") == [
        ["install_es_indexes"],
        ["refresh_course_metadata"],
        ["update_index", "--disable-change-limit"],
    ]


@pytest.mark.parametrize(
    "release, page",
    [("ginkgo.1", "single_course_checkout_page"), ("juniper.2", "basket_checkout_page")],
)
def test_purchases_lead_to_the_basket_in_the_field_of_the_release(release: str, page: str) -> None:
    [script] = actions(of(release), "commerce")
    assert isinstance(script, Script)
    assert script.arguments["fields"][page] == "/basket/add/"


def test_a_user_that_exists_keeps_its_address_its_groups_and_what_it_may() -> None:
    user = {"email": "w@fake.email", "superuser": True, "groups": ["editors"]}
    observed = {**NOTHING, "users": {"ecommerce_worker": user}}
    made = argvs(of("juniper.2", services=ECOMMERCE), "users", observed)
    assert made == [
        ["manage_user", "ecommerce_worker", "w@fake.email", "--staff", "--superuser", "--groups",
         "editors"]
    ]  # fmt: skip


def test_a_new_user_has_no_password() -> None:
    [argv] = argvs(of("juniper.2", services=DISCOVERY), "users")
    assert "--unusable-password" in argv


def test_permissions_are_added_to_those_that_the_group_has() -> None:
    observed = {**NOTHING, "of_group": ["a:b:c"], "users": MIGRATED}
    group, user = argvs(of("juniper.2"), "permissions", observed)
    assert group == [
        "manage_group", "ecommerce_service", "--permissions", "a:b:c",
        "course_modes:coursemode:change_coursemode",
    ]  # fmt: skip
    assert user[-2:] == ["--groups", "ecommerce_service"]


def test_the_hourly_job_indexes_after_it_has_read() -> None:
    [job] = actions(of("juniper.2"), "job")
    assert isinstance(job, Crontab)
    assert job.line.index("refresh_course_metadata") < job.line.index("update_index")
    assert "remove_unused_indexes" in job.line
    assert "--disable-change-limit" not in job.line


@pytest.mark.parametrize("release", ["ginkgo.1", "ironwood.2", "juniper.2", "lilac.1", "sumac.1"])
def test_a_runbook_shows_no_secret_unless_it_is_asked_to(release: str) -> None:
    instance = of(release)
    every = [action for step in steps_of(instance) for action in actions(instance, step.name)]
    secrets = {word.reveal().split("=")[-1] for action in every if isinstance(action, Command)
               for word in action.words if isinstance(word, Secret)}  # fmt: skip
    run_by = setup_of(instance).traits
    hidden = "\n".join(line for action in every for line in lines(action, run_by, reveal=False))
    shown = "\n".join(line for action in every for line in lines(action, run_by, reveal=True))
    assert secrets
    assert not any(secret in hidden for secret in secrets)
    assert all(secret in shown for secret in secrets)


def by_tutor(**changes: Any) -> Instance:
    """Return a shop as Tutor installs it."""
    return of("open-release/sumac.3", configuration_source_repo_url="tutor", **changes)


def test_an_instance_that_goes_to_tutor_keeps_all_that_was_set_up() -> None:
    before = setup_of(of("open-release/redwood.3"))
    after = setup_of(by_tutor())
    for step in steps_of(after.instance):
        assert step.wanted(after) == step.wanted(before), step.name


def test_shops_without_a_partner_code_have_that_of_tutor() -> None:
    inputs = setup_of(by_tutor(partner_code=""))
    wanted = {step.name: step.wanted(inputs) for step in steps_of(inputs.instance)}
    assert wanted["site"]["--partner-code"] == wanted["partner"]["--code"] == "openedx"


def test_discoverys_site_is_that_of_its_domain() -> None:
    [partner] = argvs(by_tutor(), "partner", {**NOTHING, "site_id": 2})
    assert flags(partner)["--site-id"] == "2"
    [partner] = argvs(by_tutor(), "partner")
    assert flags(partner)["--site-id"] == "1"


def test_courses_of_the_partner_that_tutor_makes_for_development_are_not_read() -> None:
    [_, refresh, _] = argvs(by_tutor(), "indexes")
    assert refresh == ["refresh_course_metadata", "--partner_code=ACME"]
    assert ["refresh_course_metadata"] in argvs(of("koa.3"), "indexes")


def test_no_job_is_added_to_a_crontab_that_containers_have_not() -> None:
    names = [step.name for step in steps_of(by_tutor())]
    assert "job" not in names
    assert {"partner", "indexes"} <= set(names)


def test_a_runbook_for_containers_leads_into_them() -> None:
    [action] = actions(by_tutor(), "switches")[:1]
    run_by = setup_of(by_tutor()).traits
    [line] = lines(action, run_by, reveal=False, provisioner="tutor")
    container = '"$COMPOSE_PROJECT_NAME-ecommerce-1"'
    assert line.startswith(
        f"docker exec -i --env OCIM_SESSION {container} bash -c 'exec ./manage.py waffle_switch "
    )
