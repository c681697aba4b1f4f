"""Playbooks of all services, from an image on a local host; `test_brokers.py` has a machine."""

import pytest
import yaml

from ocim.core.migrations import read_migrations
from tests.playbooks.whole_platform import SHOP, WholePlatform, assert_healthy

pytestmark = [pytest.mark.xdist_group("whole platform"), pytest.mark.timeout(900)]


def test_migrations_alone_migrate_each_database_and_say_so(whole: WholePlatform) -> None:
    migrations = whole.migrations
    assert migrations.ok, migrations.message
    assert not {"lms", "cms", "ecommerce", "ecomworker", "discovery"} & whole.programs_after_them
    assert set(migrations.migrations) == {"edxapp", "ecommerce", "discovery"}
    for service, texts in migrations.migrations.items():
        assert texts.plan
        [migration] = read_migrations(service, texts.plan, texts.log)
        assert (migration.name, migration.seconds) == ("things.0001_initial", 0.012)


def test_a_worker_that_cannot_start_fails_with_what_it_says(whole: WholePlatform) -> None:
    without = whole.without_key
    assert (without.ok, without.failed_task) == (False, "run the services")
    assert "JWT_SECRET_KEY is missing" in without.message


def test_what_an_image_has_is_not_installed_again(whole: WholePlatform) -> None:
    assert "run the services" in whole.tasks
    assert not [task for task in whole.tasks if "virtual environment" in task]


def test_another_run_changes_only_what_depends_on_what_has_changed(whole: WholePlatform) -> None:
    assert whole.with_key.ok, whole.with_key.message
    assert whole.changes == [
        "write the directories, settings and program of ecomworker",
        "run the services",
    ]
    assert_healthy(whole.app_server)
    assert int(whole.app_server.run("supervisorctl pid ecomworker")) > 0


def test_the_shop_and_its_worker_share_a_directory_of_messages(whole: WholePlatform) -> None:
    worker, shop = (
        yaml.safe_load(whole.app_server.path(f"/edx/etc/{name}.yml").read_text())
        for name in ("ecomworker", "ecommerce")
    )
    url = f"filesystem://:@{whole.app_server.host.root}/edx/var/celery"
    assert worker["BROKER_URL"] == shop["BROKER_URL"] == url
    assert worker["ECOMMERCE_API_ROOT"] == f"https://{SHOP}/api/v2/"


def test_the_hourly_job_is_there_once_and_says_how_it_ended(whole: WholePlatform) -> None:
    crontab = whole.app_server.run("crontab -l")
    assert crontab.count("refresh_course_metadata") == 2  # the command, and its log
    job = next(line for line in crontab.splitlines() if line.startswith("43 "))
    whole.app_server.run(job.split(" ", 5)[5].replace("\\%", "%"))
    log = whole.app_server.path("/edx/var/log/discovery/refresh_course_metadata.log").read_text()
    # The stand-in does not know the command, and nothing may go on after it has failed.
    assert log.count("invalid choice") == 1
    assert log.endswith("status 2\n")
