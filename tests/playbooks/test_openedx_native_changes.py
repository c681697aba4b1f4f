"""The built-in playbook on an app server that has changed, or does not work."""

from tests.playbooks.app_servers import AppServer


def test_only_the_service_whose_settings_change_is_restarted(app_server: AppServer) -> None:
    app_server.provision()
    lms, cms = app_server.ask("lms")["process"], app_server.ask("cms")["process"]
    app_server.provision({"EDXAPP_LMS_ENV_EXTRA": {"TIME_ZONE": "Asia/Tokyo"}})
    assert app_server.ask("lms")["settings"]["TIME_ZONE"] == "Asia/Tokyo"
    assert app_server.ask("lms")["process"] != lms
    assert app_server.ask("cms")["process"] == cms


def test_new_code_replaces_the_old_and_restarts_both(app_server: AppServer) -> None:
    (app_server.platform / "old.py").touch()
    app_server.provision()
    lms, cms = app_server.ask("lms")["process"], app_server.ask("cms")["process"]
    (app_server.platform / "old.py").rename(app_server.platform / "new.py")
    assert app_server.provision().ok
    code = app_server.path("/edx/app/edxapp/edx-platform")
    assert (code / "new.py").exists()
    assert not (code / "old.py").exists()
    assert app_server.ask("lms")["process"] != lms
    assert app_server.ask("cms")["process"] != cms


def test_a_failing_migration_is_told_in_its_own_words(app_server: AppServer) -> None:
    outcome = app_server.provision({"EDXAPP_LMS_ENV_EXTRA": {"BROKEN_MIGRATION": True}})
    assert (outcome.ok, outcome.failed_task) == (False, "migrate the database")
    assert outcome.message.splitlines() == [
        "RuntimeError: Table 'thumbnail_kvstore' already exists",
        "Applying thumbnail.0001_initial...",
    ]


def test_a_failing_migration_leaves_what_runs_alone(app_server: AppServer) -> None:
    app_server.provision()
    before = app_server.ask("lms")["process"]
    app_server.provision({"EDXAPP_LMS_ENV_EXTRA": {"BROKEN_MIGRATION": True}})
    assert app_server.ask("lms")["process"] == before


def test_a_service_that_answers_500_fails_with_what_it_says(app_server: AppServer) -> None:
    outcome = app_server.provision(
        {
            "EDXAPP_LMS_ENV_EXTRA": {"REHEARSAL_FAULTS": ["heartbeat-500"]},
            "edxapp_start_seconds": 5,
        }
    )
    assert (outcome.ok, outcome.failed_task) == (False, "run the services")
    assert outcome.message.startswith("lms is not healthy (status 500: the database is down)")


def test_a_service_that_does_not_start_fails_with_the_end_of_its_log(
    app_server: AppServer,
) -> None:
    outcome = app_server.provision(
        {"EDXAPP_CMS_ENV_EXTRA": {"REHEARSAL_FAULTS": ["import"]}, "edxapp_start_seconds": 60}
    )
    assert outcome.message.startswith("cms does not start.")
    assert "ImportError: No module named 'nonsense'" in outcome.message
    assert "Traceback" not in outcome.message


def test_a_run_starts_what_supervisord_does_not_run(app_server: AppServer) -> None:
    app_server.provision()
    app_server.run("supervisorctl stop lms")
    assert app_server.provision().ok
    assert app_server.changed_tasks() == ["start the services so far"]
    assert app_server.ask("lms")


def test_a_virtual_environment_that_is_half_made_is_made_again(app_server: AppServer) -> None:
    (app_server.platform / "requirements.txt").rename(app_server.directory / "aside")
    assert app_server.provision().failed_task == "create the virtual environment of edxapp"
    (app_server.directory / "aside").rename(app_server.platform / "requirements.txt")
    assert app_server.provision().ok
