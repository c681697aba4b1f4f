from dataclasses import replace
from typing import Any

import pytest

from ocim.catalog.secrets.names import is_secret_name
from ocim.catalog.variables.effective import (
    BY_OPERATORS,
    FLEET,
    OPERATOR,
    ORGANIZATION,
    effective,
    layers,
)
from ocim.catalog.variables.known import TYPES
from ocim.catalog.variables.types import fits
from ocim.core.errors import ValidationError
from ocim.core.instance import Account, Database, Service
from ocim.core.secrets import Secret, masked, revealed, secret_texts
from ocim.core.variables import Layer
from tests.catalog.instances import DATABASES, DOMAINS, KEYS, RABBITMQ, SEED, instance, variables

MYSQL = Database(
    "mysql",
    "demo_edxapp",
    "db",
    3307,
    "demo",
    Secret("pw-123"),
    migrator=Account("demo_migrate", Secret("pw-migrate")),
    reader=Account("demo_read", Secret("pw-read")),
)


@pytest.mark.parametrize(
    "name, value",
    [
        ("EDXAPP_PLATFORM_NAME", "Démo: “yes”"),
        ("EDXAPP_SITE_NAME", "demo.localhost"),
        ("EDXAPP_LMS_BASE", "demo.localhost:8443"),
        ("EDXAPP_LMS_ROOT_URL", "https://demo.localhost:8443"),
        ("EDXAPP_PREVIEW_LMS_BASE", "preview.demo.localhost:8443"),
        ("EDXAPP_CMS_BASE", "studio.demo.localhost:8443"),
        ("EDXAPP_TIME_ZONE", "Europe/Berlin"),
        ("EDXAPP_DEFAULT_FROM_EMAIL", "ops@example.com"),
        ("COMMON_LMS_BASE_URL", "https://demo.localhost:8443"),
        ("COMMON_JWT_ISSUER", "https://demo.localhost:8443/oauth2"),
        ("EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT", "https://ecommerce.demo.localhost:8443"),
        ("EDXAPP_ECOMMERCE_API_URL", "https://ecommerce.demo.localhost:8443/api/v2/"),
        ("EDXAPP_COURSE_CATALOG_API_URL", "https://discovery.demo.localhost:8443/api/v1"),
        ("edx_platform_repo", "https://github.com/open-craft/edx-platform"),
        ("edx_platform_version", "opencraft-release/juniper.2"),
        ("openedx_release", "open-release/juniper.2"),
        ("edxapp_media_dir", "/var/storage/7/edxapp/media"),
        ("EDXAPP_DATABASE_ENGINE", "django.db.backends.sqlite3"),
        ("EDXAPP_MYSQL_DB_NAME", "/var/x/edxapp.sqlite3"),
        ("EDXAPP_MYSQL_PORT", ""),
        ("EDXAPP_JWT_SIGNING_ALGORITHM", "RS512"),
        ("EDXAPP_JWT_PRIVATE_SIGNING_JWK", KEYS.private_jwk),
        ("COMMON_JWT_PUBLIC_SIGNING_JWK_SET", KEYS.public_jwk_set),
    ],
)
def test_an_instance_gives_its_variables(name: str, value: object) -> None:
    assert variables(instance())[name] == value


@pytest.mark.parametrize(
    "name",
    ["SANDBOX_ENABLE_ECOMMERCE", "SANDBOX_ENABLE_DISCOVERY", "ecommerce_create_demo_data",
     "DEMO_ROLE_ENABLED", "CONFIGURE_JWTS", "NGINX_SET_X_FORWARDED_HEADERS"],
)  # fmt: skip
def test_what_upstream_turns_on_by_itself_is_off(name: str) -> None:
    assert variables(instance())[name] is False


def test_the_host_name_is_not_that_of_the_lms() -> None:
    assert variables(instance())["COMMON_HOSTNAME"] not in DOMAINS.all()


def test_an_external_name_is_what_learners_see() -> None:
    external = replace(DOMAINS, external={"lms": ("learn.example.com",)})
    result = variables(instance(domains=external, public_port=443))
    assert result["EDXAPP_LMS_BASE"] == "learn.example.com"
    assert result["EDXAPP_LMS_ROOT_URL"] == "https://learn.example.com"


def test_a_database_server_gives_address_and_account() -> None:
    result = variables(instance(databases={"edxapp": MYSQL}))
    assert {
        name: result[f"EDXAPP_MYSQL_{name}"] for name in ("DB_NAME", "USER", "HOST", "PORT")
    } == {
        "DB_NAME": "demo_edxapp",
        "USER": "demo",
        "HOST": "db",
        "PORT": "3307",
    }
    assert result["EDXAPP_MYSQL_PASSWORD"] == Secret("pw-123")
    assert result["COMMON_MYSQL_MIGRATE_USER"] == "demo_migrate"
    assert result["COMMON_MYSQL_MIGRATE_PASS"] == Secret("pw-migrate")
    assert result["COMMON_MYSQL_READ_ONLY_USER"] == "demo_read"
    assert result["COMMON_MYSQL_READ_ONLY_PASS"] == Secret("pw-read")


@pytest.mark.parametrize(
    "commit, present, absent",
    [
        ("ironwood.2", "ECOMMERCE_SOCIAL_AUTH_EDX_OIDC_SECRET", "_OAUTH2_"),
        ("juniper.2", "ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_SECRET", "_OIDC_"),
        ("juniper.2", "DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_SECRET", "_OIDC_"),
    ],
)
def test_clients_of_services_that_are_off_have_secrets_too_as_their_release_names_them(
    commit: str, present: str, absent: str
) -> None:
    result = variables(instance(edx_platform_commit=commit))
    assert isinstance(result[present], Secret)
    services = ("ECOMMERCE", "DISCOVERY")
    assert [name for name in result if absent in name and name.startswith(services)] == []


EVERYTHING = instance(services=frozenset(Service), databases=DATABASES)


def test_every_generated_secret_is_long() -> None:
    texts = secret_texts(variables(EVERYTHING)) - {KEYS.private_jwk.reveal()}
    assert min(map(len, texts)) >= 32


def test_a_secret_is_used_for_one_thing_save_where_two_services_share_it() -> None:
    uses: dict[str, set[str]] = {}
    for name, value in variables(EVERYTHING).items():
        for text in secret_texts(value):
            uses.setdefault(text, set()).add(name)
    assert sorted(sorted(names) for names in uses.values() if len(names) > 1) == [
        [
            "CERTS_QUEUE_PASS",
            "COMMON_XQUEUE_LMS_PASSWORD",
            "EDXAPP_XQUEUE_DJANGO_AUTH",
            "XQUEUE_DJANGO_USERS",
        ],
        [
            "COMMON_JWT_SECRET_KEY",
            "ECOMMERCE_WORKER_JWT_SECRET_KEY",
            "ECOMMERCE_WORKER_SERVICE_CONFIG",
        ],
        ["ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_SECRET", "ECOMMERCE_WORKER_SERVICE_CONFIG"],
        ["ECOMMERCE_EDX_API_KEY", "EDXAPP_EDX_API_KEY", "NOTIFIER_USER_SERVICE_API_KEY"],
        ["EDXAPP_COMMENTS_SERVICE_KEY", "FORUM_API_KEY", "NOTIFIER_COMMENT_SERVICE_API_KEY"],
        ["EDXAPP_EDXAPP_SECRET_KEY", "NOTIFIER_LMS_SECRET_KEY"],
        ["EDXAPP_MONGO_PASSWORD", "MONGO_USERS"],
        ["FORUM_MONGO_PASSWORD", "MONGO_USERS"],
    ]


def test_secrets_stay_the_same_for_the_same_seed_and_differ_for_another() -> None:
    first, again = variables(instance()), variables(instance())
    other = effective(instance(), [], seed=b"another", jwt_keys=KEYS).values
    assert first == again
    assert first["EDXAPP_EDX_API_KEY"] != other["EDXAPP_EDX_API_KEY"]


@pytest.mark.parametrize("commit", ["ironwood.2", "juniper.2"])
def test_everything_that_is_generated_is_of_its_known_type(commit: str) -> None:
    of = instance(edx_platform_commit=commit, databases={"edxapp": MYSQL})
    result = variables(of)
    assert [name for name in result if name not in TYPES] == []
    assert [name for name, value in result.items() if not fits(value, TYPES[name])] == []


def test_secrets_are_known_by_their_names_also_where_an_operator_sets_them() -> None:
    result = variables(instance(databases={"edxapp": MYSQL}, broker=RABBITMQ))
    assert {name for name in result if is_secret_name(name)} == {
        name for name, value in result.items() if secret_texts(value)
    }


def test_the_layers_are_laid_in_their_order() -> None:
    written = [Layer(name, {}) for name in BY_OPERATORS]
    result = effective(instance(), written, seed=SEED, jwt_keys=KEYS)
    assert result.layers == (
        "defaults", "databases", "brokers", "search", "content", "storage", "secrets", "services",
        "pairs", "fleet_settings", "organization_settings", "configuration_extra_settings",
    )  # fmt: skip


def test_no_two_generated_layers_set_the_same_variable() -> None:
    names = [
        name for layer in layers(instance(), seed=SEED, jwt_keys=KEYS) for name in layer.values
    ]
    assert len(names) == len(set(names))


def test_the_operator_has_the_last_word() -> None:
    extra = {"EDXAPP_PLATFORM_NAME": "Mine", "EDXAPP_LMS_ENV_EXTRA": {"A": {"B": 1}}}
    result = effective(instance(), [Layer(OPERATOR, extra)], seed=SEED, jwt_keys=KEYS)
    assert result.values["EDXAPP_PLATFORM_NAME"] == "Mine"
    assert result.source(("EDXAPP_PLATFORM_NAME",)) == "configuration_extra_settings"
    assert result.source(("EDXAPP_LMS_ENV_EXTRA", "A", "B")) == "configuration_extra_settings"
    assert result.source(("EDXAPP_LMS_BASE",)) == "defaults"


def test_an_instances_own_settings_override_shared_ones_and_these_what_is_generated() -> None:
    fleet = {"EDXAPP_PLATFORM_NAME": "All", "EDXAPP_TIME_ZONE": "UTC", "SHARED": {"A": 1, "B": 1}}
    organization = {"EDXAPP_PLATFORM_NAME": "Campus", "SHARED": {"B": 2, "C": 2}}
    written = [
        Layer(FLEET, fleet),
        Layer(ORGANIZATION, organization),
        Layer(OPERATOR, {"SHARED": {"C": 3}}),
    ]
    result = effective(instance(), written, seed=SEED, jwt_keys=KEYS)
    assert result.values["EDXAPP_PLATFORM_NAME"] == "Campus"
    assert result.source(("EDXAPP_TIME_ZONE",)) == FLEET
    assert result.values["SHARED"] == {"A": 1, "B": 2, "C": 3}


def test_generated_pairs_follow_shared_settings_too() -> None:
    shared = Layer(FLEET, {"EDXAPP_COMMENTS_SERVICE_KEY": "typed"})
    values = effective(instance(), [shared], seed=SEED, jwt_keys=KEYS).values
    assert revealed(values["FORUM_API_KEY"]) == "typed"
    assert masked(values["EDXAPP_COMMENTS_SERVICE_KEY"]) == "********"


def test_an_operators_own_secrets_are_masked_too() -> None:
    result = variables(
        instance(),
        EDXAPP_EDX_API_KEY="typed",
        ECOMMERCE_PAYMENT_PROCESSOR_CONFIG={
            "demo": {"stripe": {"publishable_key": "pk", "secret_key": "sk"}}
        },
    )
    shown = masked(result)
    assert shown["EDXAPP_EDX_API_KEY"] == "********"
    assert shown["ECOMMERCE_PAYMENT_PROCESSOR_CONFIG"] == {
        "demo": {"stripe": {"publishable_key": "pk", "secret_key": "********"}}
    }
    assert revealed(result)["EDXAPP_EDX_API_KEY"] == "typed"


@pytest.mark.parametrize(
    "changes, variable",
    [
        ({"name": "{{ lookup('pipe', 'id') }}"}, "EDXAPP_PLATFORM_NAME"),
        ({"edx_platform_commit": "{% x %}"}, "edx_platform_version"),
        ({"storage_directory": "{# x #}"}, "edxapp_media_dir"),
        ({"name": "#jinja2: x"}, "EDXAPP_PLATFORM_NAME"),
        ({"domains": replace(DOMAINS, studio="{{ x }}")}, "EDXAPP_CMS_BASE"),
    ],
)
def test_no_field_of_an_instance_becomes_a_template(changes: dict[str, Any], variable: str) -> None:
    with pytest.raises(ValidationError, match="write templates in") as caught:
        variables(instance(**changes))
    assert variable in "\n".join(caught.value.faults)
