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
EDX_PLATFORM_VERSION: the same, by the name of later releases
forum_version: version of the forum: the tag or branch of the instance's release
FORUM_VERSION: the same as forum_version, by the name of later releases
xqueue_version: version of xqueue: the tag or branch of the instance's release
XQUEUE_VERSION: the same as xqueue_version, by the name of later releases
certs_version: version of the certificates' agent: the tag or branch of the instance's release
CERTS_VERSION: the same as certs_version, by the name of later releases
NOTIFIER_VERSION: version of the forum's notifier: the tag or branch of the instance's release
demo_version: version of the demo course: the tag or branch of the instance's release
DEMO_VERSION: the same as demo_version, by the name of later releases
configuration_version: version of the playbooks that upstream leaves on the server: the tag or branch of the instance's release
CONFIGURATION_VERSION: the same as configuration_version, by the name of later releases
MFE_DEPLOY_VERSION: version of the microfrontends: the tag or branch of the instance's release
ANALYTICS_API_VERSION: version of the analytics API, if it is on: the tag or branch of the instance's release
INSIGHTS_VERSION: version of Insights, if it is on: the tag or branch of the instance's release
EDX_NOTES_API_VERSION: version of the learners' notes, if they are on: the tag or branch of the instance's release
BLOCKSTORE_VERSION: version of Blockstore, if it is on: the tag or branch of the instance's release
RETIREMENT_SERVICE_VERSION: version of the retirement of users, if it is on: the tag or branch of the instance's release
COMMON_HOSTNAME: empty, since upstream writes it to /etc/hosts as localhost; never a public name
COMMON_LMS_BASE_URL: the LMS's public URL
COMMON_OAUTH_BASE_URL: the LMS's public URL: services sign people on there
COMMON_JWT_AUDIENCE: different for each instance, so that no token works at another
COMMON_JWT_ISSUER: the LMS's public URL with /oauth2
COMMON_JWT_SECRET_KEY: derived; signs the older, symmetric tokens
COMMON_JWT_PUBLIC_SIGNING_JWK_SET: the public half of the instance's key pair; never empty
COMMON_MYSQL_MIGRATE_USER: the account that migrates all databases of the instance, on a database server
COMMON_MYSQL_MIGRATE_PASS: password of that account
COMMON_MYSQL_READ_ONLY_USER: the account that reads all databases of the instance, on a database server
COMMON_MYSQL_READ_ONLY_PASS: password of that account
COMMON_MYSQL_ADMIN_PASS: derived; password of an account that upstream creates on a local MySQL
COMMON_HTPASSWD_PASS: derived; password of nginx's basic authentication, if that is on
EDXAPP_PLATFORM_NAME: the instance's name
EDXAPP_SITE_NAME: the LMS's public domain
EDXAPP_TIME_ZONE: the instance's time zone
EDXAPP_LMS_BASE: the LMS's public domain, with the balancer's port unless that is 443
EDXAPP_LMS_ROOT_URL: the LMS's public URL
EDXAPP_PREVIEW_LMS_BASE: the domain for previews of courses, with the port
EDXAPP_CMS_BASE: the studio's public domain, with the port
EDXAPP_DEFAULT_FROM_EMAIL: the instance's e-mail address
EDXAPP_CONTACT_EMAIL: the instance's e-mail address
EDXAPP_TECH_SUPPORT_EMAIL: the instance's e-mail address
EDXAPP_BUGS_EMAIL: the instance's e-mail address
EDXAPP_DEFAULT_SERVER_EMAIL: the instance's e-mail address
EDXAPP_DATABASE_ENGINE: Django's name for the database server's kind; built-in playbooks only
EDXAPP_MYSQL_DB_NAME: the LMS's database, of any kind of server
EDXAPP_MYSQL_USER: account of the LMS's database
EDXAPP_MYSQL_PASSWORD: password for the LMS's database
EDXAPP_MYSQL_HOST: server of the LMS's database
EDXAPP_MYSQL_CSMH_DB_NAME: the database of learners' answers, on a database server
EDXAPP_MYSQL_CSMH_USER: account of the database of learners' answers
EDXAPP_MYSQL_CSMH_PASSWORD: password for the database of learners' answers
EDXAPP_MYSQL_CSMH_HOST: server of the database of learners' answers
XQUEUE_MYSQL_DB_NAME: the database of xqueue, on a database server
XQUEUE_MYSQL_USER: account of xqueue's database
XQUEUE_MYSQL_PASSWORD: password for xqueue's database
XQUEUE_MYSQL_HOST: server of xqueue's database
EDXAPP_CELERY_BROKER_TRANSPORT: amqp or redis; filesystem on the built-in playbooks without a broker server
EDXAPP_CELERY_BROKER_HOSTNAME: the broker's host and port; empty for a directory
EDXAPP_CELERY_BROKER_VHOST: the virtual host with a slash before it, /0 on Redis, or the directory of messages
EDXAPP_CELERY_USER: the account at the broker; empty on Redis, and for a directory
EDXAPP_CELERY_PASSWORD: password of the account at the broker; empty for a directory
edxapp_media_dir: directory for uploads, on storage that outlives app servers; up to juniper, upstream's LMS uses it for learners' pictures alone
TUTOR_MONGODB_HOST: host name of the MongoDB server
TUTOR_MONGODB_DATABASE: the instance's database there
TUTOR_MONGODB_AUTH_SOURCE: the same, since the account belongs to it
TUTOR_MONGODB_USERNAME: the instance's account there
TUTOR_MONGODB_PASSWORD: its password
TUTOR_MEILISEARCH_URL: address of the Meilisearch server
TUTOR_MEILISEARCH_PUBLIC_URL: the same, as visitors' browsers reach it
TUTOR_MEILISEARCH_INDEX_PREFIX: beginning of the names of the instance's indexes there
TUTOR_MEILISEARCH_API_KEY_UID: id of the instance's key there
TUTOR_MEILISEARCH_API_KEY: the key, which opens these indexes alone
EDXAPP_MONGO_PASSWORD: derived; password of the LMS at the MongoDB on its server
FORUM_MONGO_PASSWORD: derived; password of the forum at the MongoDB on its server
MONGO_ADMIN_PASSWORD: derived; password of that MongoDB's administrator
MONGO_CLUSTER_KEY: derived; key of that MongoDB's replica set
RABBIT_ADMIN_PASSWORD: derived; password of the administrator of the RabbitMQ on the LMS's server
COMMON_XQUEUE_LMS_PASSWORD: derived; password of the LMS at xqueue
CERTS_QUEUE_PASS: the same, as certificates name it
NOTIFIER_COMMENT_SERVICE_API_KEY: the same as EDXAPP_COMMENTS_SERVICE_KEY
NOTIFIER_LMS_SECRET_KEY: the same as EDXAPP_EDXAPP_SECRET_KEY
NOTIFIER_USER_SERVICE_API_KEY: the same as EDXAPP_EDX_API_KEY
EDXAPP_CMS_SOCIAL_AUTH_EDX_OAUTH2_KEY: derived; client of Studio's sign-on
EDXAPP_CMS_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; its secret
EDXAPP_CMS_BACKEND_SERVICE_EDX_OAUTH2_KEY: derived; client of Studio's own calls
EDXAPP_CMS_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; its secret
EDXAPP_DEFAULT_FILE_STORAGE: left to the operator; Django's class of storage for uploads, such as storages.backends.s3boto3.S3Boto3Storage
EDXAPP_AWS_STORAGE_BUCKET_NAME: left to the operator; bucket for uploads, if they go to S3
EDXAPP_AWS_ACCESS_KEY_ID: left to the operator; account at S3
EDXAPP_AWS_SECRET_ACCESS_KEY: left to the operator; secret key of the account at S3
EDXAPP_AWS_S3_CUSTOM_DOMAIN: left to the operator; host name at which visitors read the bucket
EDXAPP_PROFILE_IMAGE_BACKEND: left to the operator; storage of learners' pictures; follows EDXAPP_DEFAULT_FILE_STORAGE to object storage
EDXAPP_SWIFT_AUTH_URL: left to the operator; address of Keystone, if uploads go to Swift
EDXAPP_SWIFT_USERNAME: left to the operator; user at Keystone
EDXAPP_SWIFT_KEY: left to the operator; password of the user at Keystone
EDXAPP_SWIFT_TENANT_NAME: left to the operator; project of the user at Keystone
EDXAPP_SWIFT_TENANT_ID: left to the operator; id of the project, if it has no unique name
EDXAPP_SWIFT_REGION_NAME: left to the operator; region of the object storage
EDXAPP_SWIFT_TEMP_URL_KEY: left to the operator; signs addresses of uploads that visitors may read for a time
EDXAPP_EDXAPP_SECRET_KEY: derived; Django's secret key of LMS and studio
EDXAPP_EDX_API_KEY: derived; key of other services for the LMS
EDXAPP_COMMENTS_SERVICE_KEY: derived; key of the LMS for the forum
FORUM_API_KEY: the same as EDXAPP_COMMENTS_SERVICE_KEY
EDXAPP_PROFILE_IMAGE_SECRET_KEY: derived; hides learners' names in the URLs of their pictures
EDXAPP_PROFILE_IMAGE_HASH_SEED: the same, by the name of later releases
EDXAPP_JWT_SIGNING_ALGORITHM: RS512
EDXAPP_JWT_PRIVATE_SIGNING_JWK: the private half of the instance's key pair
EDXAPP_ECOMMERCE_PUBLIC_URL_ROOT: ecommerce's public URL
EDXAPP_ECOMMERCE_API_URL: ecommerce's public URL with /api/v2/
EDXAPP_COURSE_CATALOG_API_URL: discovery's public URL with /api/v1
ECOMMERCE_VERSION: the tag or branch of the instance's release
ECOMMERCE_ECOMMERCE_URL_ROOT: ecommerce's public URL
ECOMMERCE_LMS_URL_ROOT: the LMS's public URL
ECOMMERCE_DISCOVERY_SERVICE_URL: discovery's public URL
ECOMMERCE_WORKER_VERSION: the tag or branch of the instance's release
ECOMMERCE_WORKER_ECOMMERCE_API_ROOT: ecommerce's public URL with /api/v2/
ECOMMERCE_PLATFORM_NAME: the instance's name
ECOMMERCE_OSCAR_FROM_EMAIL: the same as EDXAPP_DEFAULT_FROM_EMAIL
ECOMMERCE_OSCAR_DEFAULT_CURRENCY: the instance's currency, if it is set; upstream knows the variable from koa on
ECOMMERCE_DATABASE_ENGINE: Django's name for the database server's kind; built-in playbooks only
ECOMMERCE_DATABASE_NAME: ecommerce's database
ECOMMERCE_DATABASE_USER: account of ecommerce's database
ECOMMERCE_DATABASE_PASSWORD: password for ecommerce's database
ECOMMERCE_DATABASE_HOST: server of ecommerce's database
ECOMMERCE_BROKER_URL: URL of the broker, with account and virtual host; none on other playbooks without a broker server
ECOMMERCE_WORKER_BROKER_URL: the same as ECOMMERCE_BROKER_URL
ECOMMERCE_SECRET_KEY: derived; Django's secret key of ecommerce
ECOMMERCE_EDX_API_KEY: the same as EDXAPP_EDX_API_KEY
ECOMMERCE_WORKER_JWT_SECRET_KEY: the same as COMMON_JWT_SECRET_KEY, or the worker cannot sign in
DISCOVERY_VERSION: the tag or branch of the instance's release
DISCOVERY_URL_ROOT: discovery's public URL
DISCOVERY_PLATFORM_NAME: the instance's name
DISCOVERY_EMAIL_BACKEND: SMTP; upstream's default needs an account at Amazon
EDXAPP_EMAIL_HOST: SMTP relay of LMS and studio, if OCIM_SMTP_URL is set
EDXAPP_EMAIL_HOST_USER: account at the SMTP relay
EDXAPP_EMAIL_HOST_PASSWORD: password of the account at the SMTP relay
DISCOVERY_EMAIL_HOST: SMTP relay of discovery, if OCIM_SMTP_URL is set
DISCOVERY_EMAIL_HOST_USER: account at the SMTP relay
DISCOVERY_EMAIL_HOST_PASSWORD: password of the account at the SMTP relay
DISCOVERY_DATABASE_ENGINE: Django's name for the database server's kind; built-in playbooks only
DISCOVERY_DEFAULT_DB_NAME: discovery's database
DISCOVERY_MYSQL_USER: account of discovery's database
DISCOVERY_MYSQL_PASSWORD: password for discovery's database
DISCOVERY_MYSQL: server of discovery's database
DISCOVERY_MYSQL_REPLICA_HOST: server of discovery's database; upstream's default is the app server
DISCOVERY_HOURLY_COMMAND: with discovery, the hourly refresh of its data and its search index; built-in playbooks only
DISCOVERY_SECRET_KEY: derived; Django's secret key of discovery
DISCOVERY_ELASTICSEARCH_URL: URL of the search server, with account, if one is assigned
DISCOVERY_ELASTICSEARCH_INDEX_NAME: name of discovery's index up to koa, with the instance's prefix
ECOMMERCE_SOCIAL_AUTH_EDX_OIDC_KEY: id of ecommerce's client for sign-on
ECOMMERCE_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; secret of ecommerce's client for sign-on
ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of ecommerce's client for sign-on
ECOMMERCE_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; secret of ecommerce's client for sign-on
ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of ecommerce's client for calls to the LMS
ECOMMERCE_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; secret of ecommerce's client for calls to the LMS
DISCOVERY_SOCIAL_AUTH_EDX_OIDC_KEY: id of discovery's client for sign-on
DISCOVERY_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; secret of discovery's client for sign-on
DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of discovery's client for sign-on
DISCOVERY_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; secret of discovery's client for sign-on
DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of discovery's client for calls to the LMS
DISCOVERY_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; secret of discovery's client for calls to the LMS
INSIGHTS_OAUTH2_KEY: id of the client of insights, which upstream creates although insights is off
INSIGHTS_OAUTH2_SECRET: derived; secret of the client of insights
INSIGHTS_SOCIAL_AUTH_EDX_OIDC_KEY: id of the client of insights, which upstream creates although insights is off
INSIGHTS_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; secret of the client of insights
INSIGHTS_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of the client of insights, which upstream creates although insights is off
INSIGHTS_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; secret of the client of insights
INSIGHTS_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of the client of insights, which upstream creates although insights is off
INSIGHTS_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; secret of the client of insights
CREDENTIALS_SOCIAL_AUTH_EDX_OIDC_KEY: id of the client of credentials, which upstream creates if the play has the role
CREDENTIALS_SOCIAL_AUTH_EDX_OIDC_SECRET: derived; secret of the client of credentials
CREDENTIALS_SOCIAL_AUTH_EDX_OAUTH2_KEY: id of the client of credentials, which upstream creates if the play has the role
CREDENTIALS_SOCIAL_AUTH_EDX_OAUTH2_SECRET: derived; secret of the client of credentials
CREDENTIALS_BACKEND_SERVICE_EDX_OAUTH2_KEY: id of the client of credentials, which upstream creates if the play has the role
CREDENTIALS_BACKEND_SERVICE_EDX_OAUTH2_SECRET: derived; secret of the client of credentials
""",  # noqa: E501
    Kind.FLAG: """
TUTOR_MONGODB_USE_SSL: True if the MongoDB server has TLS
CONFIGURE_JWTS: off: upstream would create a key for each app server, and leave it on the manager
DEMO_ROLE_ENABLED: off: upstream would create a staff user with a known password
DEMO_CREATE_STAFF_USER: off, as DEMO_ROLE_ENABLED, which older playbooks do not know
SANDBOX_ENABLE_ECOMMERCE: true if the instance has ecommerce; set it to turn ecommerce on
SANDBOX_ENABLE_DISCOVERY: true if the instance has Course Discovery; set it to turn that on
SANDBOX_ENABLE_ANALYTICS_API: off: upstream's keys for it are public
SANDBOX_ENABLE_INSIGHTS: off: upstream's keys for it are public
ecommerce_create_demo_data: off: upstream's demo partner would collide with the instance's own
credentials_create_demo_data: off, as for ecommerce
NGINX_SET_X_FORWARDED_HEADERS: off: the balancer, where TLS ends, sets them
EDXAPP_EMAIL_USE_TLS: true if connections to the SMTP relay begin TLS
DISCOVERY_EMAIL_USE_TLS: as for the LMS
EDXAPP_AWS_QUERYSTRING_AUTH: left to the operator; true if addresses of uploads in S3 are signed
EDXAPP_SWIFT_USE_TEMP_URLS: left to the operator; true if addresses of uploads in Swift are signed
ECOMMERCE_SOCIAL_AUTH_REDIRECT_IS_HTTPS: on: TLS ends at the balancer
edx_django_service_social_auth_redirect_is_https: on: TLS ends at the balancer
""",
    Kind.PORT: """
EDXAPP_MYSQL_PORT: port of the server of the LMS's database
EDXAPP_MYSQL_CSMH_PORT: port of the server of the database of learners' answers
XQUEUE_MYSQL_PORT: port of the server of xqueue's database
ECOMMERCE_DATABASE_PORT: port of the server of ecommerce's database; upstream supports 3306 only
DISCOVERY_MYSQL_PORT: port of the server of discovery's database; upstream supports 3306 only
TUTOR_MONGODB_PORT: port of the MongoDB server
EDXAPP_EMAIL_PORT: port of the SMTP relay
DISCOVERY_EMAIL_PORT: port of the SMTP relay
EDXAPP_LMS_NGINX_PORT: 80, at which nginx selects services by name
EDXAPP_CMS_NGINX_PORT: 80, as for the LMS
ECOMMERCE_NGINX_PORT: 80, as for the LMS
ECOMMERCE_SSL_NGINX_PORT: 443
DISCOVERY_NGINX_PORT: 80, as for the LMS
DISCOVERY_SSL_NGINX_PORT: 443
""",
    Kind.NUMBER: """
EDXAPP_SWIFT_TEMP_URL_DURATION: left to the operator; seconds for which a signed address is valid
ECOMMERCE_GUNICORN_WORKERS: number of processes that serve ecommerce
DISCOVERY_GUNICORN_WORKERS: number of processes that serve discovery
""",
    Kind.MAPPING: """
EDXAPP_LMS_ENV_EXTRA: further settings of the LMS; Ocim sets the currency of the default mode
EDXAPP_CMS_ENV_EXTRA: left to the operator; further settings of the studio, which override others
EDXAPP_FEATURES_EXTRA: left to the operator; feature switches of LMS and studio
EDXAPP_WORKERS: left to the operator; numbers of processes that serve LMS and studio
EDXAPP_XQUEUE_DJANGO_AUTH: derived; user and password of the LMS at xqueue
XQUEUE_DJANGO_USERS: users of xqueue with their passwords; equal to EDXAPP_XQUEUE_DJANGO_AUTH
ECOMMERCE_EXTRA_CONFIG_OVERRIDES: further settings of ecommerce; from lilac on, the SMTP relay
ECOMMERCE_PAYMENT_PROCESSOR_CONFIG: payment processors' keys, by partner code in lower case
ECOMMERCE_WORKER_SERVICE_CONFIG: settings of the shop's worker, with a client at the LMS
DISCOVERY_MEDIA_STORAGE_BACKEND: lasting place of uploads; since lilac also names of indexes
""",
    Kind.TEXTS: """
EDXAPP_FERNET_KEYS: derived; encrypts fields of the LMS's database
EDXAPP_RETIRED_USER_SALTS: derived; hides the names of users who left
EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY: code and symbol of the instance's currency
DISCOVERY_MEMCACHE: memcached on the app server itself
""",
    Kind.MAPPINGS: """
demo_test_users: none: upstream's demo role would create learners with a known password
MONGO_USERS: accounts at the MongoDB on the LMS's server: the forum's, the LMS's
EDXAPP_ADDITIONAL_CRON_JOBS: with discovery, the hourly refresh of its data and its search index
ECOMMERCE_REPOS: left to the operator; repositories of ecommerce's code
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
