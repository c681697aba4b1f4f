"""The settings of an instance with both services, as the documentation of operators has them."""

CRON = """\
# must add as root cronjob, even though we want to run the task as the discovery user, because these cronjobs are added before the discovery user is created.
EDXAPP_ADDITIONAL_CRON_JOBS:
- name: "discovery: hourly course metadata refresh"
  user: "root"
  job: "sudo -u discovery bash -c 'source {{ discovery_home }}/discovery_env; {{ COMMON_BIN_DIR }}/manage.discovery refresh_course_metadata'"
  hour: "*"
  minute: "43"
  day: "*"
"""  # noqa: E501

PROCESSOR = """\
      paypal:
        ...
"""

SERVICES = f"""\
# prevent creating example partners; this isn't required, and will cause provision errors later
ecommerce_create_demo_data: false

SANDBOX_ENABLE_DISCOVERY: yes
SANDBOX_ENABLE_ECOMMERCE: yes
DISCOVERY_VERSION: "{{{{ ECOMMERCE_VERSION }}}}"
COMMON_HOSTNAME: ""
ECOMMERCE_PAYMENT_PROCESSOR_CONFIG:
    partn_id: # this is arbitrary, limited to 8 characters; will be used later
{PROCESSOR}
# Have to build the full broker URLs to ensure the vhost path is included
ECOMMERCE_BROKER_URL: '{{{{ EDXAPP_CELERY_BROKER_TRANSPORT }}}}://{{{{ EDXAPP_CELERY_USER }}}}:{{{{ EDXAPP_CELERY_PASSWORD }}}}@{{{{ EDXAPP_CELERY_BROKER_HOSTNAME }}}}{{{{ EDXAPP_CELERY_BROKER_VHOST }}}}'
ECOMMERCE_WORKER_BROKER_URL: '{{{{ EDXAPP_CELERY_BROKER_TRANSPORT }}}}://{{{{ EDXAPP_CELERY_USER }}}}:{{{{ EDXAPP_CELERY_PASSWORD }}}}@{{{{ EDXAPP_CELERY_BROKER_HOSTNAME }}}}{{{{ EDXAPP_CELERY_BROKER_VHOST }}}}'
ECOMMERCE_WORKER_ECOMMERCE_API_ROOT: '{{{{ ECOMMERCE_ECOMMERCE_URL_ROOT }}}}/api/v2/'
"""  # noqa: E501

CURRENCY = """\
# Use a configuration branch which contains this fix:
# https://github.com/open-craft/configuration/pull/119/files
EDXAPP_PAID_COURSE_REGISTRATION_CURRENCY: ['gbp', '£']
ECOMMERCE_OSCAR_DEFAULT_CURRENCY: 'GBP'
ECOMMERCE_REPOS:
  - PROTOCOL: '{{ COMMON_GIT_PROTOCOL }}'
    DOMAIN: '{{ COMMON_GIT_MIRROR }}'
    PATH: 'open-craft'
    REPO: 'ecommerce.git'
    # Use a branch which contains this fix:
    # https://github.com/open-craft/ecommerce/pull/13/files
    VERSION: opencraft-release/juniper.2
    DESTINATION: "{{ ecommerce_code_dir }}"
    SSH_KEY: '{{ ECOMMERCE_GIT_IDENTITY }}'

# Append to any existing EDXAPP_LMS_ENV_EXTRA:
EDXAPP_LMS_ENV_EXTRA:
  COURSE_MODE_DEFAULTS:
    bulk_sku: !!null
    currency: gbp
    description: !!null
    expiration_datetime: !!null
    min_price: 0
    name: Honor
    sku: !!null
    slug: honor
    suggested_prices: ''
"""

CARD = """\
      test-card:
        secret_key: a card's secret
"""
SETTINGS = CRON + SERVICES.replace(PROCESSOR, CARD) + CURRENCY
"""The three blocks in one text, as operators paste them, with the keys of a processor."""
