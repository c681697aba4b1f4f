"""A site that Tutor runs becomes an instance, with its data and secrets, beside it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jwcrypto.jwk import JWK

from ocim.catalog.shop.shop import shop_of
from ocim.catalog.tutor.adoption import Adoption
from ocim.catalog.tutor.configuration import configuration
from ocim.catalog.variables.jwt import generate
from ocim.core.errors import Conflict, ValidationError
from ocim.core.secrets import revealed
from ocim.operations import adoption, clones, instances
from ocim.operations.effective import effective_variables
from ocim.parsing.extra_settings import check_extra_settings
from ocim.store.models import BrokerServer, OpenEdXInstance
from ocim.store.specs import appserver_spec
from tests.world import QUEUE, World

SERVER = ("10.0.0.9", 3306)
DEFAULTS = {
    "edx_platform_repository_url": "https://github.com/openedx/openedx-platform",
    "configuration_source_repo_url": "builtin",
    "configuration_version": "",
    "openedx_release": "open-release/juniper.2",
    "provider": "local",
}


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    """Return a site's configuration, as `tutor config save` leaves it where servers are shared."""
    key = JWK.from_json(generate().private_jwk.reveal())
    return {
        "LMS_HOST": "campus.example.org",
        "CMS_HOST": "author.example.org",
        "PLATFORM_NAME": "Old Campus",
        "PLUGINS": ["indigo", "mfe"],
        "RUN_MYSQL": False,
        "RUN_MONGODB": False,
        "MYSQL_HOST": SERVER[0],
        "MYSQL_ROOT_PASSWORD": "of the administrator",
        "OPENEDX_MYSQL_PASSWORD": "of Tutor's account",
        "MONGODB_HOST": "mongo.internal",
        "OPENEDX_SECRET_KEY": "secret of the LMS",
        "CMS_OAUTH2_SECRET": "secret of studio",
        "DOCKER_IMAGE_OPENEDX": "registry.example.org/openedx:7",
        "JWT_RSA_PRIVATE_KEY": key.export_to_pem(private_key=True, password=None).decode(),
    }


@pytest.fixture
def ready(world: World) -> World:
    """Return a world with an engine, a Tutor, and the site's database server."""
    world.add_tutor()
    for name in ("openedx", "discovery"):
        world.servers["mysql"].sizes[*SERVER, name] = 7
    return world


def root_of(directory: Path, config: dict[str, Any], version: str = "22.0.3") -> Path:
    (directory / "env").mkdir()
    (directory / "env" / "version").write_text(version)
    (directory / "config.yml").write_text(yaml.safe_dump(config))
    return directory


def adopted(world: World, root: Path) -> tuple[OpenEdXInstance, Adoption]:
    result, _ = adoption.adopt(root=root, defaults=DEFAULTS, context=world.context())
    return result.instance, result.site


def faults_of(world: World, root: Path) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        adopted(world, root)
    assert not OpenEdXInstance.objects.exists()
    return list(map(str, refused.value.faults))


def test_the_instance_has_the_names_of_the_site_and_its_release(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    instance, _ = adopted(ready, root_of(tmp_path, config, "19.0.5"))
    domains = instance.domains
    assert (domains.lms, domains.studio) == ("campus.example.org", "author.example.org")
    assert domains.preview == "apps.campus.example.org"  # the microfrontends, as with Tutor
    assert (instance.name, instance.email) == ("Old Campus", "contact@campus.example.org")
    assert (instance.provisioner, instance.provider) == ("tutor", "docker")
    assert instance.release.name == "sumac"


def test_its_app_servers_get_the_settings_of_the_site(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    BrokerServer.objects.create(name="messages", kind="redis", host="10.0.0.8", port=6379)
    instance, site = adopted(ready, root_of(tmp_path, config))
    values = effective_variables(instance, ready.policy).values
    again = configuration(values, project="appserver-1", address="127.1.0.1")
    kept = {name: value for name, value in config.items() if name not in site.left}
    kept["PLUGINS"] = [*config["PLUGINS"], "ocim"]
    assert {name: revealed(again[name]) for name in kept} == kept
    own = ("OPENEDX_MYSQL_DATABASE", "MONGODB_DATABASE", "JWT_COMMON_SECRET_KEY")
    assert [revealed(again[name]) for name in own] == ["openedx", "openedx", "secret of the LMS"]
    public = json.loads(instance.jwt_public_keys)["keys"][0]
    assert public["n"] == JWK.from_pem(config["JWT_RSA_PRIVATE_KEY"].encode())["n"]


def test_accounts_of_the_site_are_left_to_it_and_named(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    instance, site = adopted(ready, root_of(tmp_path, config))
    assert {"MYSQL_ROOT_PASSWORD", "OPENEDX_MYSQL_PASSWORD"} <= site.left.keys()
    assert "of the administrator" not in instance.configuration_extra_settings
    values = effective_variables(instance, ready.policy).values
    assert values["EDXAPP_MYSQL_USER"] != "openedx"
    assert revealed(values["EDXAPP_MYSQL_PASSWORD"]) != "of Tutor's account"


def test_nothing_in_the_sites_directory_changes(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    root = root_of(tmp_path, config)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    adopted(ready, root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_discovery_keeps_its_name_its_database_and_its_clients(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    changes = {"PLUGINS": ["discovery", "mfe"], "DISCOVERY_OAUTH2_SECRET": "of discovery"}
    instance, site = adopted(ready, root_of(tmp_path, {**config, **changes}))
    assert instance.domains.discovery == "discovery.campus.example.org"
    assert instance.adopted_databases == {"edxapp": "openedx", "discovery": "discovery"}
    settings = check_extra_settings(instance.configuration_extra_settings)
    assert settings["SANDBOX_ENABLE_DISCOVERY"] is True
    assert settings["DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_KEY"] == "discovery"
    assert settings["DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_SECRET"] == "of discovery"
    assert site.settings["TUTOR_PLUGINS"] == ["mfe"]


def test_a_shop_keeps_the_payment_processors_that_are_on_and_the_one_of_its_basket(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    ready.servers["mysql"].sizes[*SERVER, "ecommerce"] = 7
    BrokerServer.objects.create(name="messages", kind="redis", host="10.0.0.8", port=6379)
    keys = {
        "paypal": {"mode": "sandbox", "client_id": "1", "client_secret": "2"},
        "cybersource": {"merchant_id": "3", "transaction_key": "4", "soap_api_url": "https://5"},
    }
    changes = {
        "PLUGINS": ["ecommerce", "mfe"],
        "ECOMMERCE_PAYMENT_PROCESSORS": {"other": {}, **keys},
        "ECOMMERCE_ENABLED_PAYMENT_PROCESSORS": ["cybersource", "paypal"],
        "ECOMMERCE_ENABLED_CLIENT_SIDE_PAYMENT_PROCESSORS": ["cybersource"],
    }
    instance, _ = adopted(ready, root_of(tmp_path, {**config, **changes}, "19.0.5"))
    values = effective_variables(instance, ready.policy).values
    shop = shop_of(appserver_spec(ready.spawn(instance), ready.policy), values)
    assert (shop.partner_code, shop.processors) == ("openedx", ("cybersource", "paypal"))
    assert shop.client_side == "cybersource"
    made = configuration(values, project="appserver-1", address="127.1.0.1")
    assert revealed(made["ECOMMERCE_PAYMENT_PROCESSORS"]) == keys


def test_names_of_pictures_and_encrypted_fields_of_the_site_stay_valid(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    instance, _ = adopted(ready, root_of(tmp_path, config))
    values = revealed(effective_variables(instance, ready.policy).values)
    assert values["EDXAPP_PROFILE_IMAGE_HASH_SEED"] == "placeholder_secret_key"
    assert values["EDXAPP_RETIRED_USER_SALTS"] == ["abc", "123"]
    assert "CHANGE BEFORE GOING TO PRODUCTION" in values["EDXAPP_FERNET_KEYS"][0]


def test_servers_in_containers_of_the_site_are_refused_together_with_other_faults(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    changes = {"RUN_MYSQL": True, "RUN_MONGODB": True, "LMS_HOST": "", "MYSQL_PORT": "many"}
    changes |= {"PLATFORM_NAME": "{{ 7 * 7 }}", "PLUGINS": ["minio"]}
    faults = faults_of(ready, root_of(tmp_path, {**config, **changes}))
    begins = {fault.split(" ")[0].rstrip(":") for fault in faults}
    assert begins == {
        "LMS_HOST", "RUN_MYSQL", "RUN_MONGODB", "MYSQL_PORT", "PLATFORM_NAME", "TUTOR_PLUGINS",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"MYSQL_HOST": "other.internal"}, "no database server is registered at other.internal"),
        ({"OPENEDX_MYSQL_DATABASE": "campus"}, "mysql has no database campus."),
        ({"JWT_RSA_PRIVATE_KEY": "old"}, "JWT_RSA_PRIVATE_KEY is no private key of RSA in PEM."),
    ],
)
def test_a_site_whose_data_or_key_cannot_be_used_is_refused(
    ready: World, config: dict[str, Any], tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    [found] = faults_of(ready, root_of(tmp_path, {**config, **changes}))
    assert fault in found


def test_faults_of_file_servers_and_instance_are_told_at_once(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    ready.content["mongodb"].away.add("mongo.internal")
    ready.policy = replace(ready.policy, tutor_plugins=("mfe",))
    changes = {"OPENEDX_MYSQL_DATABASE": "campus", "CONTACT_EMAIL": "no address"}
    changes |= {"JWT_RSA_PRIVATE_KEY": "old", "PLATFORM_NAME": "{{ 7 * 7 }}"}
    with pytest.raises(ValidationError) as refused:
        adopted(ready, root_of(tmp_path, {**config, **changes}))
    text = str(refused.value)
    for words in (
        "PLATFORM_NAME is a template",
        "OCIM_TUTOR_PLUGINS does not allow 'indigo', but: mfe.",
        "JWT_RSA_PRIVATE_KEY is no private key",
        "mysql has no database campus.",
        "The content server mongodb://mongo.internal:27017 does not answer.",
        "email:",
    ):
        assert words in text
    assert not OpenEdXInstance.objects.exists()


def test_a_mongodb_without_the_sites_content_is_pointed_out(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    root = root_of(tmp_path, config)
    result, _ = adoption.adopt(root=root, defaults=DEFAULTS, context=ready.context())
    assert result.warnings == (
        "MONGODB_DATABASE: mongodb://mongo.internal:27017 has nothing in openedx. Are its courses"
        " elsewhere?",
    )


def test_a_tutor_that_ocim_does_not_have_is_refused(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    [fault] = faults_of(ready, root_of(tmp_path, config, "18.1.2"))
    assert fault.startswith("Ocim has no Tutor 18.1.2. It has 19, 20, 21 and 22")


def test_a_directory_without_a_configuration_is_refused(ready: World, tmp_path: Path) -> None:
    faults = faults_of(ready, tmp_path)
    assert [fault.partition(" ")[0] for fault in faults] == [
        f"{tmp_path}/config.yml",
        f"{tmp_path}/env/version",
    ]


def test_databases_of_another_instance_are_refused(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    root = root_of(tmp_path, config)
    adopted(ready, root)
    with pytest.raises(ValidationError, match="The database openedx is that of Old Campus"):
        adopted(ready, root)


def test_databases_of_the_site_outlive_the_instance(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    instance, _ = adopted(ready, root_of(tmp_path, config))
    ready.spawn(instance)
    users = ready.servers["mysql"].accounts[*SERVER, "openedx"]
    assert users
    ready.do("archive", *instance.appserver_set.all())
    instances.delete(instance_id=instance.pk, context=ready.context())
    left = [name for (_, _, name) in ready.servers["mysql"].sizes]
    assert sorted(left) == ["discovery", "openedx"]
    assert not ready.servers["mysql"].accounts[*SERVER, "openedx"]


def test_an_adopted_instance_is_not_cloned(
    ready: World, config: dict[str, Any], tmp_path: Path
) -> None:
    instance, _ = adopted(ready, root_of(tmp_path, config))
    with pytest.raises(Conflict, match="was adopted"):
        clones.request(
            source=instance,
            domain="copy.example.org",
            name="Copy",
            email="copy@example.org",
            with_data=False,
            queue=QUEUE,
            context=ready.context(),
        )
