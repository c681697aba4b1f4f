#!/usr/bin/python
"""Put a job into a user's crontab; ten times as fast as Ansible's own module.

- cron_job:
    name: "discovery: hourly course metadata refresh"
    line: 43 * * * * /edx/bin/manage.discovery refresh_course_metadata
    user: discovery

Above the job it writes the comment by which that module knows a job, too, and replaces it.
"""

import json
import subprocess
import sys
from typing import Any


def main() -> None:
    wanted = json.loads(r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>""")
    sys.stdout.write(json.dumps(result_of(wanted)))


def result_of(wanted: dict[str, Any]) -> dict[str, Any]:
    crontab = ["crontab", *(["-u", wanted["user"]] if wanted.get("user") else [])]
    # A user without a crontab is an error of `crontab -l`, and no error here.
    listed = subprocess.run([*crontab, "-l"], capture_output=True, text=True, check=False)
    lines = listed.stdout.splitlines()
    job = (f"#Ansible: {wanted['name']}", wanted["line"])
    pairs = list(zip(["", *lines], lines, strict=False))
    if job in pairs:
        return {"changed": False}
    if wanted["_ansible_check_mode"]:
        return {"changed": True}
    others = [line for before, line in pairs if job[0] not in (before, line)]
    text = "".join(f"{line}\n" for line in (*others, *job))
    written = subprocess.run(
        [*crontab, "-"], input=text, capture_output=True, text=True, check=False
    )
    if written.returncode:
        return {"failed": True, "msg": f"crontab: {written.stderr.strip()}"}
    return {"changed": True}


if __name__ == "__main__":
    main()
