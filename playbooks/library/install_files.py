#!/usr/bin/python
"""Write directories, files and links in one step.

Ansible's own modules take a step for each of them, and a step takes longer than its work.

    - install_files:
        directories: [/edx/app/edxapp]
        files:
          - {path: /edx/etc/lms.yml, content: "{{ lms_env_config | to_nice_yaml }}", mode: "0640"}
        links: {/edx/bin/manage.edxapp: /edx/app/edxapp/edx-platform/manage.py}
        owner: edxapp

Missing directories above a path are created, too. Links may lead to paths that do not exist yet.
Only what differs is written; `changed_paths` lists it. Contents are never shown or logged.

Like the other modules here it imports nothing of Ansible's: to pack Ansible's code and to compile
it on the host takes half a second of a processor, ten times as long as the work. Ansible
writes the arguments in place of the text in main(); no JSON has three quotation marks in a row.
"""

import grp
import json
import os
import pwd
import stat
import sys
import tempfile
from pathlib import Path


def main() -> None:
    wanted = json.loads(r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>""")
    files = Files(wanted.get("owner"), wanted.get("group"), is_check=wanted["_ansible_check_mode"])
    changed = [path for path in wanted.get("directories", ()) if files.put_directory(Path(path))]
    changed += [file["path"] for file in wanted.get("files", ()) if files.put_file(**file)]
    changed += [
        link for link, to in wanted.get("links", {}).items() if files.put_link(Path(link), to)
    ]
    sys.stdout.write(json.dumps({"changed": bool(changed), "changed_paths": changed}))


class Files:
    """Directories, files and links with an owner and a group; None: those of this process."""

    def __init__(self, owner: str | None, group: str | None, *, is_check: bool) -> None:
        self._user = pwd.getpwnam(owner).pw_uid if owner else -1
        self._group = grp.getgrnam(group).gr_gid if group else -1
        self._is_check = is_check

    def put_directory(self, path: Path) -> bool:
        missing = not path.is_dir()
        if missing and self._is_check:
            return True
        path.mkdir(0o755, parents=True, exist_ok=True)
        return self._put_attributes(path, 0o755) or missing

    def put_file(self, path: str, content: str, mode: str = "0644") -> bool:
        target = Path(path)
        if target.is_file() and target.read_bytes() == content.encode():
            return self._put_attributes(target, int(mode, 8))
        if not self._is_check:
            target.parent.mkdir(0o755, parents=True, exist_ok=True)
            # Write a private file beside it first: nobody shall read half of it, or a secret in it.
            descriptor, unfinished = tempfile.mkstemp(dir=target.parent)
            with os.fdopen(descriptor, "wb") as new:
                new.write(content.encode())
            self._put_attributes(Path(unfinished), int(mode, 8))
            Path(unfinished).replace(target)
        return True

    def put_link(self, link: Path, target: str) -> bool:
        if link.is_symlink() and str(link.readlink()) == target:
            return False
        if not self._is_check:
            link.parent.mkdir(0o755, parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        return True

    def _put_attributes(self, path: Path, mode: int) -> bool:
        status = path.stat()
        owned = self._user in (-1, status.st_uid) and self._group in (-1, status.st_gid)
        right = stat.S_IMODE(status.st_mode) == mode
        if not self._is_check:
            if not owned:
                os.chown(path, self._user, self._group)
            if not (owned and right):
                path.chmod(mode)
        return not (owned and right)


if __name__ == "__main__":
    main()
