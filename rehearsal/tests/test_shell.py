from pathlib import Path

from tests.configuration import write
from tests.processes import manage


def test_a_scripts_output_is_its_own(tmp_path: Path) -> None:
    configuration = write(tmp_path, database=tmp_path / "db.sqlite3")
    ran = manage(configuration, "lms", "shell", script="def f():\n    return 6 * 7\nprint(f())\n")
    assert ran.stdout == "42\n", ran.stderr


def test_ginkgo_calls_the_checkout_page_by_its_old_name(tmp_path: Path) -> None:
    configuration = write(
        tmp_path, database=tmp_path / "db.sqlite3", EDX_PLATFORM_VERSION="ginkgo.1"
    )
    script = """
from rehearsal.edxapp.commerce.models import CommerceConfiguration
print(CommerceConfiguration().single_course_checkout_page)
"""
    ran = manage(configuration, "lms", "shell", script=script)
    assert ran.stdout == "/basket/single-item/\n", ran.stderr


def test_a_wrong_configuration_is_told_in_one_line(tmp_path: Path) -> None:
    configuration = write(tmp_path, database=tmp_path / "db.sqlite3", REHEARSAL_FAULTS=["explode"])
    ran = manage(configuration, "lms", "migrate")
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "'explode' is none of" in ran.stderr
