"""`python -m tests.identity_provider FD DIRECTORY RETURN_TO`: serve the provider on the socket.

A POST to `/people/` with JSON makes or changes somebody who can sign in there.
"""

import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from tests.identity_provider import CLIENT, SECRET

PAGE = """<form method="post">{% csrf_token %}
<input name="username"><input name="password" type="password"><button>Continue</button></form>"""


def _settings(directory: Path) -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(directory / "provider.sqlite3")}
    return {
        "SECRET_KEY": "only for tests",
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "ROOT_URLCONF": "tests.identity_provider.urls",
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        "MIDDLEWARE": [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        # Cookies know no ports: the manager's, at the same address, would be replaced.
        "SESSION_COOKIE_NAME": "provider_session",
        "CSRF_COOKIE_NAME": "provider_csrf",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        ("django.template.loaders.locmem.Loader", {"registration/login.html": PAGE})
                    ]
                },
            }
        ],
        "DATABASES": {"default": database},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "LOGIN_URL": "/login/",
        "USE_TZ": True,
        "OAUTH2_PROVIDER": {
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": pem,
            "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "", "profile": "", "email": ""},
            "OAUTH2_VALIDATOR_CLASS": "tests.identity_provider.urls.Claims",
        },
    }


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write no log."""


def main() -> None:
    """Serve the provider until the process is killed."""
    fd, directory, return_to = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    settings.configure(**_settings(directory))
    django.setup()
    call_command("migrate", verbosity=0)
    applications = import_module("oauth2_provider.models").Application
    applications.objects.create(
        client_id=CLIENT,
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=return_to,
        skip_authorization=True,
        algorithm="RS256",
    )
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Silent)
    server.socket.close()
    server.socket = socket.socket(fileno=fd)
    server.serve_forever()


main()
