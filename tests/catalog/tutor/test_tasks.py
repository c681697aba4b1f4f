"""Tutor's init tasks: those that Ocim runs."""

from ocim.catalog.tutor.tasks import migration_texts, migrations_tasks, own_tasks
from ocim.core.provisioning import MigrationTexts

LISTED = [
    ("lms", "lms", "if [ -f /openedx/edx-platform/bindmount-canary ]; then exit; fi\nnpm ci\n"),
    ("mysql", "mysql", "mysql -u root\n"),
    ("meilisearch", "lms", "make a key\n"),
    ("lms", "lms", "./manage.py lms migrate\n"),
    ("indigo", "lms", "echo themes\n"),
    ("indigo", "lms", "echo more themes\n"),
    ("discovery", "mysql", "mysql -u root\n"),
    (
        "discovery",
        "discovery",
        "make migrate\n\n# Partner\n./manage.py create_or_update_partner \\\n  --code openedx\n\n"
        "./manage.py refresh_course_metadata --partner_code=$P\n"
        "./manage.py update_index --disable-change-limit",
    ),
]
AT_THE_LMS = r"""./manage.py lms shell -c \
  "f(username='ecommerce').update(email='ecommerce@openedx')"
./manage.py lms manage_user ecommerce ecommerce@openedx --staff --superuser
./manage.py lms manage_user lms_catalog_service_user a@openedx --staff
./manage.py lms create_dot_application \
    --client-id ecommerce \
    ecommerce-sso \
    ecommerce
./manage.py lms configure_commerce
"""


def test_tasks_are_named_by_origin_and_service_and_stay_in_order() -> None:
    assert [task.name for task in own_tasks(LISTED)] == [
        "lms: lms",
        "indigo: lms",
        "indigo: lms (2)",
        "discovery: discovery",
    ]


def test_what_wants_the_database_servers_administrator_is_left_out() -> None:
    assert "mysql" not in [task.service for task in own_tasks(LISTED)]


def test_no_task_looks_after_mounted_code() -> None:
    assert not [task for task in own_tasks(LISTED) if "npm" in task.script]


def test_the_search_servers_key_is_made_only_where_operators_name_the_master_key() -> None:
    origins = [task.name for task in own_tasks(LISTED, makes_key=True)]
    assert origins[0] == "meilisearch: lms"


def test_what_a_set_up_step_does_is_left_to_it() -> None:
    assert own_tasks(LISTED)[-1].script == "make migrate\n\n# Partner\n\n"
    [task] = own_tasks([("ecommerce", "lms", AT_THE_LMS)])
    assert task.script.splitlines() == [
        "./manage.py lms manage_user lms_catalog_service_user a@openedx --staff",
        "./manage.py lms configure_commerce",
    ]


def test_the_lms_own_clients_are_tutors() -> None:
    script = "./manage.py lms create_dot_application cms-sso cms\n"
    [task] = own_tasks([("lms", "lms", script)])
    assert task.script == script


def test_migrations_alone_show_their_plan_before_they_run() -> None:
    lms, discovery = migrations_tasks(["lms", "discovery"])
    assert lms.script.startswith("./manage.py lms migrate --plan\n")
    assert lms.script.endswith("./manage.py lms migrate --noinput --verbosity 2\n")
    assert discovery.script.startswith("./manage.py migrate --plan\n")


def test_plan_and_log_are_told_apart() -> None:
    output = "Planned operations:\n=== ocim: migrations ===\nApplying a.0001... OK\n"
    assert migration_texts(output) == MigrationTexts(
        "Planned operations:\n", "Applying a.0001... OK\n"
    )
