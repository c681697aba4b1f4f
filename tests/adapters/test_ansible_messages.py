from ocim.adapters.provisioners.messages import condensed, message_of

TRACEBACK = """\
Operations to perform:
Traceback (most recent call last):
  File "django/db/backends/utils.py", line 105, in _execute
    return self.cursor.execute(sql, params)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
sqlite3.OperationalError: table "thumbnail_kvstore" already exists

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "manage.py", line 10, in <module>
    main()
django.db.utils.OperationalError: table "thumbnail_kvstore" already exists
"""


def test_tracebacks_are_left_out_and_their_errors_kept() -> None:
    assert condensed(TRACEBACK).splitlines() == [
        "Operations to perform:",
        'sqlite3.OperationalError: table "thumbnail_kvstore" already exists',
        'django.db.utils.OperationalError: table "thumbnail_kvstore" already exists',
    ]


def test_a_line_that_is_said_again_and_again_is_told_once() -> None:
    assert condensed("one\nsame\nsame\nsame\ntwo\n").splitlines() == ["one", "same", "two"]


def test_of_a_long_output_the_end_is_kept() -> None:
    assert condensed("\n".join(map(str, range(100)))).splitlines()[-1] == "99"
    assert len(condensed("\n".join(map(str, range(100)))).splitlines()) == 12


def test_a_failed_command_is_told_by_its_error_and_not_by_its_status() -> None:
    result = {"msg": "non-zero return code", "stderr": TRACEBACK, "stdout": "Applying 0001..."}
    first, second, *_ = message_of(result).splitlines()
    assert first.startswith("django.db.utils.OperationalError")
    assert second == "Applying 0001..."


def test_an_error_of_several_lines_is_told_by_its_first() -> None:
    result = {"msg": "non-zero return code", "stderr": TRACEBACK + "    'mysql', 'sqlite3'\n"}
    first, *rest = message_of(result).splitlines()
    assert first.startswith("django.db.utils.OperationalError")
    assert "    'mysql', 'sqlite3'" in rest


def test_a_command_that_says_nothing_is_told_by_its_status() -> None:
    assert message_of({"msg": "non-zero return code", "stderr": ""}) == "non-zero return code"


def test_a_message_keeps_its_first_line_whatever_follows() -> None:
    message = "lms does not start. Its log ends with:\n" + TRACEBACK * 20
    first, *rest = message_of({"msg": message}).splitlines()
    assert first == "lms does not start. Its log ends with:"
    assert len(rest) == 12


def test_a_result_without_any_message_still_says_something() -> None:
    assert message_of({}) == "It failed without an error message."
