"""A shop and an LMS of the last release with OpenID Connect."""

from pathlib import Path
from urllib.parse import urlsplit

from tests.ecommerce.world import running_world


def test_it_signs_on_by_openid_connect(tmp_path: Path) -> None:
    with running_world(tmp_path, release="open-release/ironwood.2") as world:
        browser = world.learner("olga")
        answer = browser.see(f"{world.shop}/login")
        assert [urlsplit(step.url).path for step in answer.history] == [
            *("/login", "/login/edx-oidc/", "/oauth2/authorize", "/complete/edx-oidc/", "/"),
        ]
        assert browser.account_at_shop().startswith("olga olga@example.com Olga Learner")
