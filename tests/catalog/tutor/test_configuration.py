"""Tutor's configuration file, from frozen variables."""

from typing import Any

import pytest
from jwcrypto.jwk import JWK

from ocim.catalog.tutor.checks import READ, faults, release_in
from ocim.catalog.tutor.configuration import configuration
from ocim.catalog.tutor.patches import plugin
from ocim.core.instance import Service
from ocim.core.secrets import Secret, revealed
from tests.catalog.instances import BOTH, DISCOVERY
from tests.catalog.tutor.examples import keys, tutors


def of(variables: dict[str, Any]) -> dict[str, Any]:
    return configuration(variables, project="as-7", address="127.1.2.3")


@pytest.mark.parametrize(
    "name, value",
    [
        ("LMS_HOST", "demo.localhost"),
        ("CMS_HOST", "studio.demo.localhost"),
        ("PLATFORM_NAME", "Campus"),
        ("CONTACT_EMAIL", "ops@example.com"),
        ("JWT_COMMON_ISSUER", "https://demo.localhost/oauth2"),
        ("JWT_COMMON_AUDIENCE", "instance-7"),
        ("OPENEDX_MYSQL_DATABASE", "campus_edxapp"),
        ("OPENEDX_MYSQL_USERNAME", "openedx_7"),
        ("OPENEDX_MYSQL_PASSWORD", Secret("pw-123")),
        ("MYSQL_HOST", "db"),
        ("MYSQL_PORT", 3306),
        ("REDIS_HOST", "redis.internal"),
        ("REDIS_PORT", 6379),
        ("REDIS_USERNAME", "default"),
        ("REDIS_PASSWORD", Secret("pw")),
        ("MONGODB_HOST", "mongo.internal"),
        ("MONGODB_DATABASE", "campus_edxapp"),
        ("MEILISEARCH_URL", "http://meili:7700"),
        ("MEILISEARCH_INDEX_PREFIX", "campus_edxapp_"),
        ("CADDY_HTTP_PORT", "127.1.2.3:80"),
        ("LOCAL_PROJECT_NAME", "as-7"),
        ("ENABLE_HTTPS", True),
        ("ENABLE_WEB_PROXY", False),
        ("RUN_MYSQL", False),
        ("MYSQL_ROOT_PASSWORD", ""),
        ("PLUGINS", ["indigo", "mfe", "ocim"]),
        ("MFE_HOST", "preview.demo.localhost"),
    ],
)
def test_a_setting_follows_from_the_variables(name: str, value: object) -> None:
    assert of(tutors())[name] == value


def test_the_instances_key_pair_is_tutors() -> None:
    pem = of(tutors())["JWT_RSA_PRIVATE_KEY"]
    assert isinstance(pem, Secret)
    key, own = JWK.from_pem(pem.reveal().encode()), JWK.from_json(keys().private_jwk.reveal())
    assert key.export_public(as_dict=True)["n"] == own.export_public(as_dict=True)["n"]


def test_all_that_tutor_would_make_itself_is_told_and_is_the_same_for_each_app_server() -> None:
    made = ("CMS_OAUTH2_SECRET", "ID", "MEILISEARCH_MASTER_KEY", "MEILISEARCH_API_KEY")
    first, second = of(tutors()), configuration(tutors(), project="as-8", address="127.1.2.4")
    assert all(isinstance(first[name], Secret) for name in made)
    assert [first[name] for name in made] == [second[name] for name in made]
    assert len({first[name].reveal() for name in made}) == len(made)


def test_the_key_for_the_indexes_is_what_meilisearch_computes() -> None:
    master = {"TUTOR_MEILISEARCH_MASTER_KEY": "MASTER", "TUTOR_MEILISEARCH_API_KEY_UID": "uid"}
    made = of(tutors(master))
    # printf uid | openssl dgst -sha256 -hmac MASTER
    key = "af8a3e03120671d591f86bfe4eafcc05bab013c544e776308914339f30e942b2"
    assert made["MEILISEARCH_MASTER_KEY"] == Secret("MASTER")
    assert made["MEILISEARCH_API_KEY"] == Secret(key)


def test_a_copy_of_the_database_has_a_key_and_indexes_of_its_own() -> None:
    copy = {**tutors(), "EDXAPP_MYSQL_DB_NAME": "dry_run_campus_edxapp"}
    for name in ("MEILISEARCH_API_KEY_UID", "MEILISEARCH_INDEX_PREFIX", "MONGODB_DATABASE"):
        assert of(tutors())[name] != of(copy)[name]


def test_operators_settings_of_tutor_go_to_tutor_as_they_are() -> None:
    made = of(tutors({"TUTOR_DOCKER_IMAGE_OPENEDX": "campus:1", "TUTOR_RUN_SMTP": True}))
    assert (made["DOCKER_IMAGE_OPENEDX"], made["RUN_SMTP"]) == ("campus:1", True)


def test_discovery_has_its_database_and_its_place_on_the_search_server() -> None:
    made = of(tutors(services=DISCOVERY))
    assert "discovery" in made["PLUGINS"]
    assert made["DISCOVERY_HOST"] == "discovery.demo.localhost"
    assert made["DISCOVERY_MYSQL_DATABASE"] == "campus_discovery"
    assert made["DISCOVERY_ELASTICSEARCH_HOST"] == Secret("openedx_7:p%2Fw@search.internal")
    assert made["DISCOVERY_ELASTICSEARCH_PORT"] == 9200
    assert made["DISCOVERY_ELASTICSEARCH_SCHEME"] == "https"
    assert set(made["DISCOVERY_INDEX_OVERRIDES"].values()) >= {"campus_course"}
    assert isinstance(made["DISCOVERY_OAUTH2_SECRET_SSO"], Secret)


def test_the_shop_has_its_database_currency_and_payment_processors() -> None:
    release: dict[str, Any] = {
        "openedx_release": "sumac.3",
        "edx_platform_commit": "open-release/sumac.3",
    }
    stripe = {"stripe": {"publishable_key": "pk_1", "secret_key": "sk_1"}}
    made = of(tutors(services=BOTH, currency="EUR", payment_processors=stripe, **release))
    assert {"discovery", "ecommerce", "mfe"} <= set(made["PLUGINS"])
    assert made["ECOMMERCE_HOST"] == "ecommerce.demo.localhost"
    assert made["ECOMMERCE_MYSQL_DATABASE"] == "campus_ecommerce"
    assert made["ECOMMERCE_CURRENCY"] == "EUR"
    assert made["ECOMMERCE_ENABLED_PAYMENT_PROCESSORS"] == ["stripe"]
    assert revealed(made["ECOMMERCE_PAYMENT_PROCESSORS"])["stripe"]["secret_key"] == "sk_1"


@pytest.mark.parametrize("extra", [{"TUTOR_PLUGINS": []}, {}, {"TUTOR_MFE_HOST": "apps.x.org"}])
def test_tutors_web_server_has_no_name_twice(extra: dict[str, Any]) -> None:
    made = of(tutors(extra))
    has_mfe = "mfe" in made["PLUGINS"]
    names = [made[name] for name in ("LMS_HOST", "CMS_HOST", "PREVIEW_LMS_HOST")]
    names += [made["MFE_HOST"]] * has_mfe
    assert len(set(names)) == len(names)


def test_a_service_that_the_instance_does_not_have_has_no_plugin() -> None:
    made = of(tutors({"TUTOR_PLUGINS": ["discovery", "forum"]}))
    assert made["PLUGINS"] == ["forum", "ocim"]
    assert Service.DISCOVERY.value not in " ".join(made["PLUGINS"])


class Recorder(dict[str, Any]):
    """Variables that remember which of them were asked for."""

    def __init__(self, variables: dict[str, Any]) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


def test_every_variable_that_is_read_is_known_to_have_an_effect() -> None:
    release = {"openedx_release": "sumac.3", "edx_platform_commit": "open-release/sumac.3"}
    variables = Recorder(tutors(None, services=BOTH, **release))
    of(variables)
    plugin(variables)
    release_in(variables)
    faults(variables, 19, allowed=())
    own = {name for name in variables.asked if name.startswith("TUTOR_")}
    assert variables.asked - own <= READ
