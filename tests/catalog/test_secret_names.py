import pytest

from ocim.catalog.secrets.masking import with_secrets_hidden
from ocim.catalog.secrets.names import is_secret_name
from ocim.core.secrets import Secret


@pytest.mark.parametrize(
    "name",
    ["password", "EDXAPP_MYSQL_PASSWORD", "EDXAPP_MYSQL_PASSWORD_ADMIN", "COMMON_HTPASSWD_PASS",
     "EDXAPP_AWS_SECRET_ACCESS_KEY", "EDXAPP_YOUTUBE_API_KEY", "client_secret", "transaction_key",
     "SEGMENT_KEY", "EDXAPP_DB_PWD", "apikey", "clientSecret", "deploy-ssh-key", "KEY_PASSPHRASE",
     "NEWRELIC_LICENSE", "EDXAPP_BASIC_AUTH_LOGIN", "SLACK_WEBHOOK_URL", "CELERY_AUTH_EXTRA",
     "EDXAPP_ZENDESK_OAUTH_ACCESS_TOKEN", "COMMON_GIT_IDENTITY", "webhook_endpoint_secret"],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["EDXAPP_PASSWORD_RESET_SUPPORT_LINK", "COMMON_SSH_PASSWORD_AUTH", "publishable_key",
     "ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_KEY", "COMMON_JWT_PUBLIC_SIGNING_JWK_SET", "bypass"],
)  # fmt: skip
def test_names_that_only_speak_of_secrets_are_not_taken_for_them(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "given, hidden",
    [
        ({"PASSWORD": "x"}, {"PASSWORD": Secret("x")}),
        ({"a": [{"b": {"client_secret": "x"}}]}, {"a": [{"b": {"client_secret": Secret("x")}}]}),
        ({"SECRETS": {"a": "x", "b": ["y"]}}, {"SECRETS": {"a": Secret("x"), "b": [Secret("y")]}}),
        ({"PASSWORD": ""}, {"PASSWORD": ""}),
        ({"PASSWORD": None}, {"PASSWORD": None}),
        ({"PASSWORD": "{{ OTHER }}"}, {"PASSWORD": "{{ OTHER }}"}),
    ],
)
def test_texts_under_the_names_of_secrets_are_hidden(
    given: dict[str, object], hidden: dict[str, object]
) -> None:
    assert with_secrets_hidden(given) == hidden
