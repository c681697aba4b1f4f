"""Meanings and types of all variables that Ocim generates or documents.

docs/reference/variables.md is generated from this.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ocim.catalog.variables.types import Kind


@dataclass(frozen=True, slots=True)
class Known:
    """Type and meaning of a variable."""

    kind: Kind
    meaning: str
    """Meaning: a noun phrase without a full stop."""


_BY_KIND: Mapping[Kind, str] = {
    Kind.TEXT: """
openedx_release: the instance's release
edx_platform_repo: the instance's repository of edx-platform
edx_platform_version: the instance's commit of edx-platform, or else its release
COMMON_HOSTNAME: empty, since upstream writes it to /etc/hosts as localhost; never a public name
COMMON_LMS_BASE_URL: the LMS's public URL
COMMON_OAUTH_BASE_URL: the LMS's public URL: services sign people on there
COMMON_JWT_AUDIENCE: one of its own for each instance, so that no token works at another
COMMON_JWT_ISSUER: the LMS's public URL with /oauth2
COMMON_JWT_SECRET_KEY: derived; signs the older, symmetric tokens
COMMON_JWT_PUBLIC_SIGNING_JWK_SET: the public half of the instance's key pair; never empty
COMMON_MYSQL_MIGRATE_USER: the account of the instance's databases, on MySQL
COMMON_MYSQL_MIGRATE_PASS: its password, on MySQL
COMMON_MYSQL_ADMIN_PASS: derived; of an account that upstream makes on a local MySQL
COMMON_MYSQL_READ_ONLY_PASS: derived; of an account that upstream makes on a local MySQL
COMMON_HTPASSWD_PASS: derived; of nginx's basic authentication, where that is turned on
EDXAPP_PLATFORM_NAME: the instance's name
EDXAPP_SITE_NAME: the LMS's public domain
EDXAPP_TIME_ZONE: the instance's time zone
EDXAPP_LMS_BASE: the LMS's public domain, with the balancer's port where that is not 443
EDXAPP_LMS_ROOT_URL: the LMS's public URL
EDXAPP_PREVIEW_LMS_BASE: the domain for previews of courses, with the port
EDXAPP_CMS_BASE: the studio's public domain, with the port
EDXAPP_DEFAULT_FROM_EMAIL: the instance's e-mail address
EDXAPP_CONTACT_EMAIL: the instance's e-mail address
EDXAPP_TECH_SUPPORT_EMAIL: the instance's e-mail address
EDXAPP_BUGS_EMAIL: the instance's e-mail address
EDXAPP_DEFAULT_SERVER_EMAIL: the instance's e-mail address
EDXAPP_DATABASE_ENGINE: Django's name for the database server's kind; built-in playbooks only
EDXAPP_MYSQL_DB_NAME: the LMS's database, of whatever kind
EDXAPP_MYSQL_USER: its account
EDXAPP_MYSQL_PASSWORD: its password
EDXAPP_MYSQL_HOST: its server
EDXAPP_MYSQL_CSMH_DB_NAME: the database of learners' answers, on a database server
EDXAPP_MYSQL_CSMH_USER: its account
EDXAPP_MYSQL_CSMH_PASSWORD: its password
EDXAPP_MYSQL_CSMH_HOST: its server
XQUEUE_MYSQL_DB_NAME: the database of xqueue, on a database server
XQUEUE_MYSQL_USER: its account
XQUEUE_MYSQL_PASSWORD: its password
XQUEUE_MYSQL_HOST: its server
EDXAPP_CELERY_BROKER_TRANSPORT: amqp or redis, where a broker server is assigned
EDXAPP_CELERY_BROKER_HOSTNAME: the broker's host and port
EDXAPP_CELERY_BROKER_VHOST: the virtual host with a slash before it, or /0 on Redis
EDXAPP_CELERY_USER: the account at the broker
EDXAPP_CELERY_PASSWORD: its password
EDXAPP_MEDIA_ROOT: uploads, on storage that outlives app servers; built-in playbooks only
EDXAPP_EDXAPP_SECRET_KEY: derived; Django's
EDXAPP_EDX_API_KEY: derived; lets other services into the LMS
EDXAPP_COMMENTS_SERVICE_KEY: derived; lets the LMS into the forum
FORUM_API_KEY: the same as EDXAPP_COMMENTS_SERVICE_KEY
EDXAPP_PROFILE_IMAGE_SECRET_KEY: derived; hides learners' names in the URLs of their pictures
EDXAPP_JWT_SIGNING_ALGORITHM: RS512
EDXAPP_JWT_PRIVATE_SIGNING_JWK: the private half of the instance's key pair
EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT: ecommerce's public URL
EDXAPP_ECOMMERCE_API_URL: the same with /api/v2/
EDXAPP_COURSE_CATALOG_API_URL: discovery's public URL with /api/v1
ECOMMERCE_VERSION: the tag or branch of the instance's release
ECOMMERCE_ECOMMERCE_URL_ROOT: ecommerce's public URL
ECOMMERCE_LMS_URL_ROOT: the LMS's public URL
ECOMMERCE_DISCOVERY_SERVICE_URL: discovery's public URL
ECOMMERCE_WORKER_ECOMMERCE_API_ROOT: ecommerce's public URL with /api/v2/
ECOMMERCE_PLATFORM_NAME: the instance's name
ECOMMERCE_OSCAR_FROM_EMAIL: the same as EDXAPP_DEFAULT_FROM_EMAIL
ECOMMERCE_OSCAR_DEFAULT_CURRENCY: the instance's currency, where it has one; upstream knows it from koa on
ECOMMERCE_DATABASE_ENGINE: Django's name for the database server's kind; built-in playbooks only
ECOMMERCE_DATABASE_NAME: ecommerce's database
ECOMMERCE_DATABASE_USER: its account
ECOMMERCE_DATABASE_PASSWORD: its password
ECOMMERCE_DATABASE_HOST: its server
ECOMMERCE_BROKER_URL: the broker with account and virtual host, where a broker server is assigned
ECOMMERCE_WORKER_BROKER_URL: the same as ECOMMERCE_BROKER_URL
ECOMMERCE_SECRET_KEY: derived; Django's
ECOMMERCE_EDX_API_KEY: the same as EDXAPP_EDX_API_KEY
ECOMMERCE_WORKER_JWT_SECRET_KEY: the same as COMMON_JWT_SECRET_KEY, or the worker cannot sign in
DISCOVERY_VERSION: the tag or branch of the instance's release
DISCOVERY_URL_ROOT: discovery's public URL
DISCOVERY_PLATFORM_NAME: the instance's name
DISCOVERY_EMAIL_BACKEND: SMTP, since upstream's default needs an account at Amazon
DISCOVERY_DATABASE_ENGINE: Django's name for the database server's kind; built-in playbooks only
DISCOVERY_DEFAULT_DB_NAME: discovery's database
DISCOVERY_MYSQL_USER: its account
DISCOVERY_MYSQL_PASSWORD: its password
DISCOVERY_MYSQL: its server
DISCOVERY_MYSQL_REPLICA_HOST: the same server: upstream's default is the app server
DISCOVERY_SECRET_KEY: derived; Django's
DISCOVERY_ELASTICSEARCH_URL: the search server with account, where one is assigned
DISCOVERY_ELASTICSEARCH_INDEX_NAME: the index there, with the instance's prefix
ECOMMERCE_SOCIAL_AUTH_EDX_OIDC_KEY: id of ecommerce's client for signing on
ECOMMERCE_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; its secret
ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of ecommerce's client for signing on
ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; its secret
ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of ecommerce's client for its own requests
ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; its secret
DISCOVERY_SOCIAL_AUTH_EDX_OIDC_KEY: id of discovery's client for signing on
DISCOVERY_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; its secret
DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of discovery's client for signing on
DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; its secret
DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of discovery's client for its own requests
DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; its secret
INSIGHTS_OAUTH2_KEY: id of a client that upstream makes though insights is off
INSIGHTS_OAUTH2_SECRET: derived; its secret
INSIGHTS_SOCIAL_AUTH_EDX_OIDC_KEY: id of a client that upstream makes though insights is off
INSIGHTS_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; its secret
INSIGHTS_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of a client that upstream makes though insights is off
INSIGHTS_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; its secret
INSIGHTS_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of a client that upstream makes though insights is off
INSIGHTS_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; its secret
CREDENTIALS_SOCIAL_AUTH_EDX_OIDC_KEY: id of a client that upstream makes where the role is in the play
CREDENTIALS_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; its secret
CREDENTIALS_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of a client that upstream makes where the role is in the play
CREDENTIALS_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; its secret
CREDENTIALS_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of a client that upstream makes where the role is in the play
CREDENTIALS_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; its secret
""",  # noqa: E501
    Kind.FLAG: """
CONFIGURE_JWTS: off: upstream would make a new key for every app server, and leave it on the manager
DEMO_ROLE_ENABLED: off: upstream would make a staff user with a known password
SANDBOX_ENABLE_ECOMMERCE: whether the instance has ecommerce; set it to turn that on
SANDBOX_ENABLE_DISCOVERY: whether the instance has Course Discovery; set it to turn that on
SANDBOX_ENABLE_ANALYTICS_API: off: upstream's keys for it are public
SANDBOX_ENABLE_INSIGHTS: off: upstream's keys for it are public
ecommerce_create_demo_data: off: upstream's demo partner collides with the instance's own
credentials_create_demo_data: off, as for ecommerce
NGINX_SET_X_FORWARDED_HEADERS: off: the balancer, where TLS ends, sets them
ECOMMERCE_SOCIAL_AUTH_REDIRECT_IS_HTTPS: on: TLS ends at the balancer
edx_django_service_social_auth_redirect_is_https: on: TLS ends at the balancer
""",
    Kind.PORT: """
EDXAPP_MYSQL_PORT: the port of the LMS's database server
EDXAPP_MYSQL_CSMH_PORT: the port of the database server
XQUEUE_MYSQL_PORT: the port of the database server
EDXAPP_LMS_NGINX_PORT: 80, where nginx tells the services apart by name
EDXAPP_CMS_NGINX_PORT: 80, as for the LMS
ECOMMERCE_NGINX_PORT: 80, as for the LMS
ECOMMERCE_SSL_NGINX_PORT: 443
DISCOVERY_NGINX_PORT: 80, as for the LMS
DISCOVERY_SSL_NGINX_PORT: 443
""",
    Kind.NUMBER: """
ECOMMERCE_GUNICORN_WORKERS: how many processes serve ecommerce
DISCOVERY_GUNICORN_WORKERS: how many processes serve discovery
""",
    Kind.MAPPING: """
EDXAPP_LMS_ENV_EXTRA: the LMS's own settings; Ocim's part is the currency of a default mode
EDXAPP_CMS_ENV_EXTRA: left to the operator; the studio's own settings, over all others
EDXAPP_FEATURES_EXTRA: left to the operator; feature switches of LMS and studio
EDXAPP_WORKERS: left to the operator; how many processes serve LMS and studio
EDXAPP_XQUEUE_DJANGO_AUTH: derived; how the LMS signs on at xqueue
XQUEUE_DJANGO_USERS: the same password, where xqueue looks for it
ECOMMERCE_PAYMENT_PROCESSOR_CONFIG: payment processors' keys, by partner code in lower case
DISCOVERY_MEDIA_STORAGE_BACKEND: uploads, on storage that outlives app servers
""",
    Kind.TEXTS: """
EDXAPP_FERNET_KEYS: derived; encrypts fields of the LMS's database
EDXAPP_RETIRED_USER_SALTS: derived; hides the names of users who left
EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY: code and symbol of the instance's own currency
DISCOVERY_MEMCACHE: the app server's own
""",
    Kind.MAPPINGS: """
EDXAPP_ADDITIONAL_CRON_JOBS: with discovery, the hourly refresh of its data and its search index
ECOMMERCE_REPOS: left to the operator; where ecommerce's code comes from
""",
}


def _read(kind: Kind, lines: str) -> dict[str, Known]:
    parts = (line.partition(": ") for line in lines.strip().splitlines())
    return {name: Known(kind, meaning) for name, _, meaning in parts}


KNOWN: Mapping[str, Known] = {
    name: known for kind, lines in _BY_KIND.items() for name, known in _read(kind, lines).items()
}

TYPES: Mapping[str, Kind] = {name: known.kind for name, known in KNOWN.items()}
"""Types by variable."""
