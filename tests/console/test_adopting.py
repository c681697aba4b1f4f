from pathlib import Path
from typing import Any, cast

import yaml
from jwcrypto.jwk import JWK

from ocim import wiring
from ocim.adapters.memory.providers import MemoryProvider
from ocim.adapters.memory.provisioners import MemoryProvisioner
from ocim.catalog.variables.jwt import generate
from ocim.store.models import DatabaseServer
from tests.console.conftest import CAMPUS, Installation


def test_a_site_of_tutor_is_adopted_and_gets_an_image(ocim: Installation, tmp_path: Path) -> None:
    adapters = cast("Any", wiring.adapters())
    adapters.providers["docker"] = MemoryProvider(kind="docker")
    adapters.provisioners["tutor"] = MemoryProvisioner()
    DatabaseServer.objects.create(name="main", kind="mysql", host="10.0.0.9", port=3306)
    ocim.mysql.sizes["10.0.0.9", 3306, "openedx"] = 7
    root = tmp_path / "tutor"
    (root / "env").mkdir(parents=True)
    (root / "env" / "version").write_text("21.0.9")
    key = JWK.from_json(generate().private_jwk.reveal())
    config = {
        "LMS_HOST": CAMPUS,
        "RUN_MYSQL": False,
        "RUN_MONGODB": False,
        "MYSQL_HOST": "10.0.0.9",
        "MYSQL_ROOT_PASSWORD": "of the administrator",
        "OPENEDX_SECRET_KEY": "secret",
        "OF_NO_PLUGIN": 7,
        "JWT_RSA_PRIVATE_KEY": key.export_to_pem(private_key=True, password=None).decode(),
    }
    (root / "config.yml").write_text(yaml.safe_dump(config))
    ran = ocim("instance", "adopt", root)
    assert ran.status == 0, ran.err
    assert "Not taken over: MYSQL_ROOT_PASSWORD (Ocim makes the databases)." in ran.out
    assert "TUTOR_OF_NO_PLUGIN is no setting of Tutor 21" in ran.out
    assert f"Copy the uploads in {root}/data to their new places: LMS and studio: " in ran.out
    [shown] = ocim("instance", "list", "--json").json
    assert shown["domain"] == CAMPUS
    built = ocim("image", "build", CAMPUS)
    assert built.status == 0, built.err
    assert "Image openedx is sha256:built." in built.out
