"""The services under gunicorn, over HTTP."""

import json
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

from tests.configuration import write
from tests.processes import gunicorn, manage

CALLBACK = "https://shop.example.com/complete/edx-oidc/"
REGISTRATION = {
    "name": "Rosa Register",
    "email": "rosa@example.com",
    "username": "rosa",
    "password1": "correct horse",
    "password2": "correct horse",
}


def installed(directory: Path, **changes: Any) -> Path:
    """Return the configuration of a migrated platform."""
    configuration = write(
        directory,
        database=directory / "edxapp.sqlite3",
        LMS_ROOT_URL="http://127.0.0.1",
        **changes,
    )
    migrated = manage(configuration, "lms", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    return configuration


def register(session: requests.Session, address: str) -> None:
    page = session.get(f"{address}/register", timeout=20)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    answer = session.post(
        f"{address}/register",
        {**REGISTRATION, "csrfmiddlewaretoken": token[1]},
        timeout=20,
    )
    assert "rosa" in answer.text


def test_the_lms_serves_pages_static_files_and_accounts(tmp_path: Path) -> None:
    with gunicorn(installed(tmp_path), "lms") as address, requests.Session() as session:
        assert session.get(f"{address}/heartbeat", timeout=20).status_code == 200
        style = session.get(f"{address}/static/rehearsal/style.css", timeout=20)
        assert style.headers["Content-Type"].startswith("text/css")
        assert session.get(f"{address}/static/admin/css/base.css", timeout=20).ok
        register(session, address)


def test_studio_serves_its_own_pages(tmp_path: Path) -> None:
    with gunicorn(installed(tmp_path), "cms") as address:
        answer = requests.get(f"{address}/", timeout=20)
        assert answer.url.endswith("/login?next=/")
        assert "Studio" in answer.text


def test_a_server_whose_database_is_not_migrated_is_unhealthy(tmp_path: Path) -> None:
    configuration = write(tmp_path, database=tmp_path / "empty.sqlite3")
    with gunicorn(configuration, "lms") as address:
        answer = requests.get(f"{address}/heartbeat", timeout=20)
    assert answer.status_code == 503
    assert "missing" in answer.json()["migrations"]["message"]


def test_a_server_whose_database_cannot_be_reached_is_unhealthy(tmp_path: Path) -> None:
    configuration = write(tmp_path, database=tmp_path / "nowhere" / "db.sqlite3")
    with gunicorn(configuration, "lms") as address:
        answer = requests.get(f"{address}/heartbeat", timeout=20)
    assert answer.status_code == 503
    assert answer.json()["sql"]["status"] is False


@pytest.fixture
def ironwood(tmp_path: Path) -> Path:
    configuration = installed(tmp_path, EDX_PLATFORM_VERSION="opencraft-release/ironwood.2")
    for arguments in (
        ("manage_user", "shop_worker", "shop@example.com", "--staff", "--unusable-password"),
        (
            *("create_oauth2_client", "https://shop.example.com", CALLBACK, "confidential"),
            *("--client_id=key", "--client_secret=a secret of the shop's, well over 32 bytes long"),
            *("--trusted", "--username=shop_worker", "--client_name=shop"),
        ),
    ):
        made = manage(configuration, "lms", *arguments)
        assert made.returncode == 0, made.stderr
    return configuration


def test_ironwood_signs_on_by_openid_connect(ironwood: Path) -> None:
    client = {
        "client_id": "key",
        "client_secret": "a secret of the shop's, well over 32 bytes long",
    }
    with gunicorn(ironwood, "lms") as address, requests.Session() as session:
        register(session, address)
        answer = session.get(
            f"{address}/oauth2/authorize/",
            params={
                "client_id": "key",
                "redirect_uri": CALLBACK,
                "response_type": "code",
                "state": "S",
                "nonce": "N",
                "scope": "openid profile email permissions",
            },
            allow_redirects=False,
            timeout=20,
        )
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert query["state"] == ["S"]
        exchanged = session.post(
            f"{address}/oauth2/access_token/",
            {
                "grant_type": "authorization_code",
                "code": query["code"][0],
                "redirect_uri": CALLBACK,
                **client,
            },
            timeout=20,
        ).json()
        output = requests.get(
            f"{address}/oauth2/user_info/",
            headers={"Authorization": f"Bearer {exchanged['access_token']}"},
            timeout=20,
        ).json()
    key = JWK.from_password(client["client_secret"])
    claims = json.loads(JWT(jwt=exchanged["id_token"], key=key, algs=["HS256"]).claims)
    expected = {
        "preferred_username": "rosa",
        "email": "rosa@example.com",
        "name": "Rosa Register",
        "given_name": "",
        "family_name": "",
        "administrator": False,
    }
    assert (
        claims.items()
        >= {
            **expected,
            "aud": "key",
            "nonce": "N",
            "iss": "https://lms.example.com/oauth2",
        }.items()
    )
    assert output.items() >= expected.items()


def test_the_one_client_of_ironwood_also_calls_on_its_own_behalf(ironwood: Path) -> None:
    with gunicorn(ironwood, "lms") as address:
        answer = requests.post(
            f"{address}/oauth2/access_token",
            {
                "grant_type": "client_credentials",
                "token_type": "jwt",
                "client_id": "key",
                "client_secret": "a secret of the shop's, well over 32 bytes long",
            },
            timeout=20,
        ).json()
    payload = answer["access_token"].split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["preferred_username"] == "shop_worker"


def test_a_new_app_server_migrates_while_the_old_one_serves(tmp_path: Path) -> None:
    configuration = installed(tmp_path)
    with gunicorn(configuration, "lms") as address, requests.Session() as session:
        register(session, address)
        # Back to before the last app's migration, and forth again, under the running workers.
        for target in ("zero", "0001"):
            moved = manage(configuration, "lms", "migrate", "thumbnail", target)
            assert moved.returncode == 0, moved.stderr
            assert session.get(f"{address}/dashboard", timeout=20).ok
        assert session.get(f"{address}/heartbeat", timeout=20).ok
